# Pairwise comparisons of a small made-up trial and of a published table.
# Run in this folder: Rscript wins.R
# Every pair is looked at, and the variances are sums over pairs of pairs written out, so nothing
# is shared with the code under test but the definitions.
library(jsonlite)
library(survival)
suppressMessages(library(pROC))

set.seed(20180123)
n <- 70
trial <- data.frame(
  treated = rep(0:1, c(33, 37)), site = sample(c("A", "B", "C"), n, TRUE, c(.5, .3, .2)))
death <- ceiling(rexp(n, 0.012 - 0.004 * trial$treated) * 2) / 2
last <- round(pmin(180, rexp(n, 1 / 400)))
trial$time <- pmin(death, last)
trial$event <- as.integer(death <= last)
trial$change <- round(rnorm(n, -6 + 2 * trial$treated, 4))
trial$change[sample(n, 6)] <- NA
write.csv(trial, "trial.csv", row.names = FALSE)

survive <- function(a, b) {   # 1 where a outlives b for certain, -1 the other way, 0 open
  beats <- function(a, b) b$event == 1 & (a$time > b$time | (a$time == b$time & a$event == 0))
  beats(a, b) - beats(b, a)
}
function_ <- function(a, b, margin) {
  d <- a$change - b$change
  ifelse(is.na(d) | abs(d) <= margin, 0, sign(d))
}
results <- function(data, margin) {
  x <- data[data$treated == 1, ]; y <- data[data$treated == 0, ]
  pairs <- expand.grid(i = seq_len(nrow(x)), j = seq_len(nrow(y)))
  first <- survive(x[pairs$i, ], y[pairs$j, ])
  second <- ifelse(first == 0, function_(x[pairs$i, ], y[pairs$j, ], margin), 0)
  list(first = matrix(first, nrow(x)), second = matrix(second, nrow(x)))
}
# Covariance of two U-statistics: average product over two pairs that share one patient,
# minus the product of the averages of two pairs that share none.
u_cov <- function(F, G) {
  m <- nrow(F); n <- ncol(F)
  same_row <- (sum(rowSums(F) * rowSums(G)) - sum(F * G)) / (m * n * (n - 1))
  same_col <- (sum(colSums(F) * colSums(G)) - sum(F * G)) / (m * n * (m - 1))
  apart <- (sum(F) * sum(G) - sum(rowSums(F) * rowSums(G)) - sum(colSums(F) * colSums(G)) +
            sum(F * G)) / (m * (m - 1) * n * (n - 1))
  (same_row - apart) / m + (same_col - apart) / n
}
analyse <- function(data, margin) {
  r <- results(data, margin); all <- r$first + r$second
  W <- 1 * (all > 0); L <- 1 * (all < 0)
  # The same from each patient's own share of wins and losses (DeLong).
  own <- function(F, G) cov(rowMeans(F), rowMeans(G)) / nrow(F) +
    cov(colMeans(F), colMeans(G)) / ncol(F)
  se <- function(cov2, pw, pl) list(
    log_win_ratio = sqrt(cov2(W, W) / pw^2 + cov2(L, L) / pl^2 - 2 * cov2(W, L) / (pw * pl)),
    net_benefit = sqrt(cov2(W, W) + cov2(L, L) - 2 * cov2(W, L)))
  pw <- mean(W); pl <- mean(L)
  list(margin = margin, n_treated = nrow(W), n_control = ncol(W),
       wins = c(sum(r$first > 0), sum(r$second > 0)),
       losses = c(sum(r$first < 0), sum(r$second < 0)), ties = sum(all == 0),
       win_ratio = pw / pl, net_benefit = pw - pl,
       se_pairs_of_pairs = se(u_cov, pw, pl), se_own_shares = se(own, pw, pl))
}
strata <- lapply(split(trial, trial$site), analyse, margin = 0)
size <- sapply(strata, function(s) s$n_treated + s$n_control)
total <- function(name) sapply(strata, function(s) sum(s[[name]]))

concord <- concordance(Surv(time, event) ~ treated, data = trial)$count
complete <- trial[!is.na(trial$change), ]
area <- roc(complete$treated, complete$change, levels = 0:1, direction = "<", quiet = TRUE)
x <- complete$change[complete$treated == 1]; y <- complete$change[complete$treated == 0]
fine <- function(v, from) v + from + seq_along(v) / 1000      # no ties: the exact test
# Day 15 in ACTT-1 (Beigel et al., N Engl J Med 2020, doi:10.1056/NEJMoa2007764, table 2):
# patients in categories 1 (best) to 8 (dead)
remdesivir <- c(157, 117, 14, 38, 58, 28, 95, 34); placebo <- c(115, 102, 8, 33, 60, 24, 121, 58)
state <- c(rep(1:8, remdesivir), rep(1:8, placebo)); arm <- rep(1:0, c(541, 521))
actt <- roc(arm, -state, levels = 0:1, direction = "<", quiet = TRUE)

write_json(list(
  r = R.version.string, survival = as.character(packageVersion("survival")),
  pROC = as.character(packageVersion("pROC")),
  all = lapply(c(0, 2), function(margin) analyse(trial, margin)),
  stratified_win_ratio = sum(total("wins") / size) / sum(total("losses") / size),
  concordance = list(wins = concord[["concordant"]], losses = concord[["discordant"]]),
  change = list(auc = as.numeric(auc(area)), se = sqrt(var(area, method = "delong")),
    u = unname(wilcox.test(x, y, exact = FALSE)$statistic),
    p = wilcox.test(x, y, exact = FALSE)$p.value,
    exact_p = wilcox.test(fine(x, 0), fine(y, 0.0005))$p.value),
  actt1 = list(remdesivir = remdesivir, placebo = placebo, auc = as.numeric(auc(actt)),
    se = sqrt(var(actt, method = "delong")),
    p = wilcox.test(-state[arm == 1], -state[arm == 0])$p.value)
), "wins.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
