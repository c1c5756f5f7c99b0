# Reference figures for values below a limit, rank comparisons, correlations and adjusted p-values.
# Run from this folder: Rscript mechanism.R ; R 4.2.2, survival 3.5-3.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
set.seed(20180501)
n <- 60
arm <- rep(0:1, each = n / 2)
base <- rnorm(n, 1, 0.6)
y <- 0.3 + 0.7 * base - 0.3 * arm + rnorm(n, 0, 0.45)
limit <- ifelse(seq_len(n) %% 3 == 0, 0.8, 0.6)  # two limits, as with two batches
below <- y < limit
data <- data.frame(arm, base, value = ifelse(below, limit, y), below = as.integer(below), exact = y)
write.csv(data, "censored.csv", row.names = FALSE)

tobit <- survreg(Surv(value, !below, type = "left") ~ base + arm, data, dist = "gaussian",
                 control = survreg.control(rel.tolerance = 1e-13, maxiter = 200))
least <- lm(exact ~ base + arm, data)
out <- list(
  tobit = list(coefficients = unname(coef(tobit)),
               covariance = unname(vcov(tobit)[1:3, 1:3]),
               sigma = tobit$scale, log_likelihood = tobit$loglik[2]),
  least_squares = list(coefficients = unname(coef(least)),
                       std_error = unname(coef(summary(least))[, 2]),
                       p_value = unname(coef(summary(least))[, 4]),
                       confint = unname(confint(least))))

t <- data$exact[data$arm == 1]; c <- data$exact[data$arm == 0][1:22]
exact <- wilcox.test(t, c, conf.int = TRUE, exact = TRUE)
plain <- wilcox.test(t, c, exact = FALSE, correct = FALSE)
tied <- wilcox.test(ifelse(t < 0.7, 0, t), ifelse(c < 0.7, 0, c), exact = FALSE, correct = FALSE)
out$ranks <- list(estimate = unname(exact$estimate), confint = as.numeric(exact$conf.int),
                  p_value = plain$p.value, tied_p_value = tied$p.value)
# Gehan's scores pair by pair, written as in the paper, for values with two limits.
low <- ifelse(below, -Inf, y); high <- ifelse(below, limit, y)
score <- sapply(seq_len(n), function(i) sum(vapply(seq_len(n), function(j)
  if (low[i] > high[j] || (below[j] && !below[i] && y[i] >= limit[j])) 1 else
  if (high[i] < low[j] || (below[i] && !below[j] && y[j] >= limit[i])) -1 else 0, 0)))
m <- sum(arm)
out$gehan <- list(statistic = sum(score[arm == 1]) /
                    sqrt(m * (n - m) * sum(score^2) / (n * (n - 1))))

g <- seq_len(n) <= 25
pearson <- cor.test(base[g], y[g])
spearman <- cor.test(base[g], y[g], method = "spearman", exact = FALSE)
r1 <- cor(base[g], y[g]); r2 <- cor(base[!g], y[!g])
z <- (atanh(r1) - atanh(r2)) / sqrt(1 / (25 - 3) + 1 / (35 - 3))
l <- function(r, k) tanh(atanh(r) + c(-1, 1) * qnorm(0.975) / sqrt(k - 3))
a <- l(r1, 25); b <- l(r2, 35)
out$correlation <- list(
  pearson = unname(pearson$estimate), confint = as.numeric(pearson$conf.int),
  statistic = unname(pearson$statistic), p_value = pearson$p.value,
  spearman = unname(spearman$estimate), spearman_p = spearman$p.value,
  difference = list(estimate = r1 - r2, statistic = z, p_value = 2 * pnorm(-abs(z)),
                    confint = c(r1 - r2 - sqrt((r1 - a[1])^2 + (b[2] - r2)^2),
                                r1 - r2 + sqrt((a[2] - r1)^2 + (r2 - b[1])^2))))
p <- c(0.001, 0.04, 0.03, 0.2, 0.03, 0.7)
out$adjusted <- list(p = p, holm = p.adjust(p, "holm"), bh = p.adjust(p, "BH"))
write_json(out, "mechanism.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
