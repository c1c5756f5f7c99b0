# Assurance, shrinkage and several arms by numerical integrals in base R and mvtnorm.
# Run: Rscript assurance.R; writes the csv files beside this file.
library(mvtnorm)
tol <- 1e-11
whole <- function(f, centre, spread) {   # over the real line, in pieces around where the mass is
  at <- centre + spread * c(-12, -6, -3, -1, 0, 1, 3, 6, 12)
  sum(mapply(function(a, b) integrate(f, a, b, rel.tol = tol, subdivisions = 2000)$value, head(at, -1), tail(at, -1)))
}
# Power at a true effect: of Student's t from the non-central t, of a known standard deviation from the normal.
t_power <- function(d, sd, n0, n1, tail, either) {
  df <- n0 + n1 - 2; ncp <- d / (sd * sqrt(1 / n0 + 1 / n1)); k <- qt(1 - tail, df)
  up <- suppressWarnings(pt(k, df, ncp, lower.tail = FALSE))
  if (either) up + suppressWarnings(pt(-k, df, ncp)) else up
}
z_power <- function(d, sd, n0, n1, tail, either) {
  z <- d / (sd * sqrt(1 / n0 + 1 / n1)); k <- qnorm(1 - tail)
  if (either) pnorm(z - k) + pnorm(-z - k) else pnorm(z - k)
}

cases <- expand.grid(mean = c(-0.5, 0, 2, 3.4), spread = c(0.3, 1.1), size = 1:3, alpha = c(0.05, 0.01), either = c(FALSE, TRUE))
sizes <- list(c(12, 12), c(46, 23), c(150, 300))
cases$sd <- 4
cases$n0 <- sapply(sizes, `[`, 1)[cases$size]; cases$n1 <- sapply(sizes, `[`, 2)[cases$size]
average <- function(power) mapply(function(m, s, sd, n0, n1, a, e)
  whole(function(d) power(d, sd, n0, n1, a / 2, e) * dnorm(d, m, s), m, s),
  cases$mean, cases$spread, cases$sd, cases$n0, cases$n1, cases$alpha, cases$either)
cases$t <- average(t_power); cases$normal <- average(z_power)
write.csv(cases, "assurance.csv", row.names = FALSE)

# Beliefs after a trial, with a prior from past trials and with the likelihood of a significant estimate.
w <- c(0.32, 0.31, 0.30, 0.07); tau <- c(0.61, 1.42, 2.16, 5.64)
prior <- function(d, se) Reduce(`+`, Map(function(w, t) w * dnorm(d, 0, t * se), w, tau))
chosen <- function(d, se, a) pnorm(d / se - qnorm(1 - a / 2)) + pnorm(-d / se - qnorm(1 - a / 2))
told <- function(kind, x, se, sd = 4, n0 = 46, n1 = 46) {
  f <- if (kind == "record") function(d) prior(d, se) * dnorm(x, d, se) else function(d) dnorm(x, d, se) / chosen(d, se, 0.05)
  all <- function(g) whole(function(d) g(d) * f(d), x, se)
  total <- all(function(d) 1); m <- all(function(d) d) / total
  above <- sum(sapply(list(c(0, 1), c(1, 5), c(5, 30)), function(e)
    integrate(f, e[1] * se, e[2] * se, rel.tol = tol, subdivisions = 2000)$value)) / total
  best <- if (kind == "record") NA else
    optimize(function(d) dnorm(x, d, se, log = TRUE) - log(chosen(d, se, 0.05)), c(0, x), maximum = TRUE, tol = 1e-12)$maximum
  data.frame(kind = kind, estimate = x, std_error = se, mean = m, sd = sqrt(all(function(d) (d - m)^2) / total), above = above,
             assurance = all(function(d) t_power(d, sd, n0, n1, 0.025, FALSE)) / total, best = best)
}
out <- do.call(rbind, lapply(list(c(3.38, 1.07), c(2.2, 1.07), c(6, 1.5)), function(v)
  rbind(told("record", v[1], v[2]), told("significant", v[1], v[2]))))
write.csv(out, "beliefs.csv", row.names = FALSE)

# Arms that share a control: their estimates are multivariate normal once the effect is averaged out.
arms <- function(m, s, sd, n0, n1, alike, alpha = 0.05) {
  k <- length(n1); need <- qnorm(1 - alpha / 2) * sd * sqrt(1 / n0 + 1 / n1)
  S <- matrix(sd^2 / n0 + alike * s^2, k, k); diag(S) <- sd^2 / n0 + sd^2 / n1 + s^2
  set.seed(1)
  every <- pmvnorm(need, rep(Inf, k), rep(m, k), sigma = S, algorithm = GenzBretz(maxpts = 5e6, abseps = 1e-8))
  none <- pmvnorm(rep(-Inf, k), need, rep(m, k), sigma = S, algorithm = GenzBretz(maxpts = 5e6, abseps = 1e-8))
  data.frame(mean = m, spread = s, sd = sd, n0 = n0, n1 = paste(n1, collapse = " "), alike = alike,
             at_least_one = 1 - none, every = every)
}
several <- do.call(rbind, lapply(c(0, 0.5, 1), function(r) rbind(
  arms(3.4, 1.1, 4, 46, c(23, 46), r), arms(1.2, 0.8, 4, 100, c(100, 100, 50), r))))
write.csv(several, "arms.csv", row.names = FALSE)

# The smallest trial of two equal arms with an assurance, counted up one patient at a time.
smallest <- function(m, s, sd, wanted) {
  n <- 2
  while (whole(function(d) t_power(d, sd, n, n, 0.025, FALSE) * dnorm(d, m, s), m, s) < wanted) n <- n + 1
  data.frame(mean = m, spread = s, sd = sd, wanted = wanted, n = n)
}
write.csv(rbind(smallest(3.4, 1.1, 4, 0.8), smallest(2, 0.7, 4, 0.9)), "sizes.csv", row.names = FALSE)
