# Reference figures for mediation: linear models written out, the delta method by numerical derivatives,
# the bootstrap sample by sample, and the sensitivity by maximum likelihood at a fixed correlation.
# Run from this folder: Rscript mediation.R ; R 4.2.2.
suppressPackageStartupMessages(library(jsonlite))
set.seed(20100201)
n <- 64; t <- rep(0:1, n / 2); x <- rnorm(n)
m <- 5 + 0.6 * t + 0.4 * x + rnorm(n); y <- 1 + 0.3 * t + 0.5 * m + 0.2 * t * m + 0.3 * x + rnorm(n)
data <- round(data.frame(t, x, m, y), 6); write.csv(data, "mediation.csv", row.names = FALSE)

effects <- function(a, b, xbar) {
  # a: constant, t, x ; b: constant, t, m, tm, x
  m0 <- a[1] + a[3] * xbar; m1 <- m0 + a[2]
  mean_y <- function(t, m) b[1] + b[2] * t + b[3] * m + b[4] * t * m + b[5] * xbar
  i0 <- mean_y(0, m1) - mean_y(0, m0); i1 <- mean_y(1, m1) - mean_y(1, m0)
  d0 <- mean_y(1, m0) - mean_y(0, m0); d1 <- mean_y(1, m1) - mean_y(0, m1)
  total <- mean_y(1, m1) - mean_y(0, m0)
  unname(c(total, (i0 + i1) / 2, (d0 + d1) / 2, (i0 + i1) / 2 / total, i0, i1, d0, d1))
}
fit <- function(d, interaction) {
  first <- lm(m ~ t + x, d)
  second <- if (interaction) lm(y ~ t + m + I(t * m) + x, d) else lm(y ~ t + m + x, d)
  b <- coef(second); V <- matrix(0, 5, 5); at <- if (interaction) 1:5 else c(1, 2, 3, 5)
  V[at, at] <- vcov(second); full <- numeric(5); full[at] <- b
  list(a = coef(first), b = full, A = vcov(first), B = V)
}
xbar <- mean(data$x)
delta <- function(f) {
  at <- c(f$a, f$b); g <- function(v) effects(v[1:3], v[4:8], xbar)
  J <- sapply(seq_along(at), function(i) { h <- 1e-5; up <- at; up[i] <- at[i] + h; down <- at; down[i] <- at[i] - h
    (g(up) - g(down)) / (2 * h) })
  V <- matrix(0, 8, 8); V[1:3, 1:3] <- f$A; V[4:8, 4:8] <- f$B
  sqrt(diag(J %*% V %*% t(J)))
}
out <- list()
for (interaction in c(TRUE, FALSE)) {
  f <- fit(data, interaction)
  out[[if (interaction) "interaction" else "plain"]] <- list(estimate = effects(f$a, f$b, xbar), std_error = delta(f))
}
total <- lm(y ~ t + x, data); out$total_by_regression <- unname(coef(total)["t"])
B <- 60
samples <- t(sapply(1:B, function(i) sample(n, replace = TRUE)))
# the covariate is held at its mean over all patients
out$bootstrap <- list(indices = samples - 1,
  std_error = apply(sapply(1:B, function(i) { f <- fit(data[samples[i, ], ], TRUE); effects(f$a, f$b, xbar) }), 1, sd))

# Both equations together, errors of correlation rho: the likelihood is at its maximum at the estimate.
at_rho <- function(rho) {
  negative <- function(v) {
    a <- v[1:3]; b <- v[4:8]; s1 <- exp(v[9]); s2 <- exp(v[10])
    e1 <- (data$m - a[1] - a[2] * data$t - a[3] * data$x) / s1
    e2 <- (data$y - b[1] - b[2] * data$t - b[3] * data$m - b[4] * data$t * data$m - b[5] * data$x) / s2
    sum((e1^2 - 2 * rho * e1 * e2 + e2^2) / (2 * (1 - rho^2)) + log(s1) + log(s2) + 0.5 * log(1 - rho^2))
  }
  f <- fit(data, TRUE); v <- c(f$a, f$b, 0, 0)
  for (i in 1:6) v <- optim(v, negative, method = "BFGS", control = list(maxit = 2000, reltol = 1e-16))$par
  unname(c(v[2] * v[6], v[2] * (v[6] + v[7])))
}
rhos <- c(-0.4, 0, 0.3, 0.6)
out$sensitivity <- list(rho = rhos, indirect = t(sapply(rhos, at_rho)))
write_json(out, "mediation.json", digits = 14, auto_unbox = TRUE)
