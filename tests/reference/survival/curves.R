# Reference figures for curves, bands, tests and restricted means. Run from this folder after
# survival.R: Rscript curves.R
# R 4.2.2 with survival 3.5-3, km.ci 0.5-6, coin 1.4-2, mvtnorm 1.1-3.
suppressPackageStartupMessages({library(survival); library(km.ci); library(coin); library(mvtnorm)
  library(jsonlite)})
data <- read.csv("survival.csv")
two <- subset(data, arm < 2)
out <- list()

# Pointwise intervals of each kind, and a curve with delayed entry.
late <- subset(data, time > 0)
late$entry <- floor(late$time * ((seq_len(nrow(late)) * 7) %% 10) / 12)
shown <- function(fit) list(time = fit$time, surv = fit$surv, lower = fit$lower, upper = fit$upper,
                            n_risk = fit$n.risk, se = fit$std.err * fit$surv)
out$intervals <- sapply(c("log-log", "log", "plain"), function(kind)
  shown(survfit(Surv(time, event) ~ 1, two, conf.type = kind)), simplify = FALSE)
out$late <- c(list(entry = late$entry),
              shown(survfit(Surv(entry, time, event) ~ 1, late, conf.type = "log-log")))
fit <- survfit(Surv(time, event) ~ 1, two, conf.type = "log-log")
q <- quantile(fit, c(0.1, 0.25, 0.5, 0.6))
out$quantiles <- list(share = c(0.1, 0.25, 0.5, 0.6), estimate = unname(q$quantile),
                      lower = unname(q$lower), upper = unname(q$upper))

# Simultaneous bands between months 4 and 30, with the critical values of the published tables.
band <- function(method) {
  b <- km.ci(survfit(Surv(time, event) ~ 1, two), method = method, tl = 4, tu = 30)
  list(time = b$time, surv = b$surv, lower = b$lower, upper = b$upper)
}
out$bands <- list(hall_plain = band("hall-wellner"), hall_log = band("loghall"),
                  equal_plain = band("epband"), equal_log = band("logep"))
# The tables themselves, 95%: rows are a_high 0.10 to 1 (0.98 for equal precision), columns a_low.
tables <- getNamespace("km.ci")
table_of <- function(name) { m <- get(name, envir = tables); list(value = unname(m), low = colnames(m)) }
out$tables <- list(hall = table_of("critical.value.hall.95"), equal = table_of("critical.value.nair.95"))

# Weighted log-rank tests, written out; survdiff for what it has.
weighted <- function(time, event, group, weights, strata = rep(1, length(time))) {
  u <- matrix(0, nrow(weights), 1); v <- matrix(0, nrow(weights), nrow(weights))
  for (s in unique(strata)) {
    k <- strata == s; left <- 1
    for (t in sort(unique(time[k & event == 1]))) {
      risk <- k & time >= t; die <- k & time == t & event == 1
      n <- sum(risk); d <- sum(die); n1 <- sum(risk & group == 1); d1 <- sum(die & group == 1)
      w <- left^weights[, 1] * (1 - left)^weights[, 2]
      u <- u + w * (d1 - d * n1 / n)
      if (n > 1) v <- v + outer(w, w) * d * (n1 / n) * (1 - n1 / n) * (n - d) / (n - 1)
      left <- left * (1 - d / n)
    }
  }
  list(u = as.vector(u), v = v)
}
weights <- rbind(c(0, 0), c(1, 0), c(0, 1), c(1, 1))
w <- weighted(two$time, two$event, two$arm, weights)
z <- w$u / sqrt(diag(w$v)); r <- cov2cor(w$v); set.seed(1)
p <- 1 - pmvnorm(rep(-max(abs(z)), 4), rep(max(abs(z)), 4), corr = r,
                 algorithm = GenzBretz(maxpts = 5e6, abseps = 1e-8))
ws <- weighted(two$time, two$event, two$arm, weights, two$onset)
out$combo <- list(z = z, correlation = r, p = as.numeric(p), z_stratified = ws$u / sqrt(diag(ws$v)))
lr <- function(...) { f <- survdiff(...); list(chisq = f$chisq, p = f$pvalue) }
out$survdiff <- list(rho = lr(Surv(time, event) ~ arm, two, rho = 1),
                     stratified = lr(Surv(time, event) ~ arm + strata(onset), two),
                     three_stratified = lr(Surv(time, event) ~ arm + strata(onset), data, rho = 1))

# Permutation test of the log-rank scores: a few patients, every way listed.
few <- two[c(1:7, 31:37), ]
out$permutation <- list(rows = c(1:7, 31:37), p = as.numeric(pvalue(logrank_test(
  Surv(time, event) ~ factor(arm), few, distribution = "exact"))))

# Difference and ratio of restricted means, from survfit's means and their errors.
mean_of <- function(a) summary(survfit(Surv(time, event) ~ 1, two, subset = arm == a),
                               rmean = 20)$table[c("rmean", "se(rmean)")]
m1 <- unname(mean_of(1)); m0 <- unname(mean_of(0)); zq <- qnorm(0.975)
se <- sqrt(m1[2]^2 + m0[2]^2); ls <- sqrt((m1[2] / m1[1])^2 + (m0[2] / m0[1])^2)
lr <- log(m1[1] / m0[1])
out$means <- list(difference = m1[1] - m0[1], se = se, p = 2 * pnorm(-abs(m1[1] - m0[1]) / se),
                  ratio = exp(lr), log_se = ls, ratio_low = exp(lr - zq * ls),
                  ratio_high = exp(lr + zq * ls), ratio_p = 2 * pnorm(-abs(lr) / ls))
write_json(out, "curves.json", digits = 12, auto_unbox = TRUE, na = "null")
