# Rate ratios by regression (MASS::glm.nb, glm), exact rates and ratios (poisson.test), and the score
# limits of a rate difference by a search for the restricted rates and uniroot.
# Run: Rscript models.R  (needs MASS); writes counts.csv, models.csv, poisson.csv beside this file.
suppressMessages(library(MASS))
set.seed(20120104)
n <- 90
arm <- rep(0:1, length.out = n); site <- rep(c("a", "b", "c"), each = n / 3)
months <- round(runif(n, 0.5, 9), 2)
mean <- months * exp(-0.4 + 0.5 * arm + c(a = 0, b = 0.3, c = -0.5)[site])
counts <- data.frame(arm, site, months, varied = rnbinom(n, size = 0.8, mu = mean),
                     barely = rnbinom(n, size = 12, mu = mean), plain = rpois(n, mean),
                     even = pmax(0, round(mean)))
write.csv(counts, "counts.csv", row.names = FALSE)
control <- glm.control(epsilon = 1e-15, maxit = 200)
row <- function(name, fit, strata) {
  s <- coef(summary(fit))["arm", ]
  theta <- if (inherits(fit, "negbin")) fit$theta else Inf
  data.frame(name, strata, log_ratio = s[[1]], log_error = s[[2]], dispersion = 1 / theta,
             log_likelihood = as.numeric(logLik(fit)))
}
rows <- list()
for (name in c("varied", "barely", "plain", "even")) for (strata in c(FALSE, TRUE)) {
  d <- counts; d$y <- d[[name]]
  f <- if (strata) y ~ arm + site + offset(log(months)) else y ~ arm + offset(log(months))
  poisson_fit <- glm(f, poisson, d, control = control)
  excess <- sum((d$y - fitted(poisson_fit))^2 - d$y)
  fit <- if (excess > 0) glm.nb(f, d, control = glm.control(epsilon = 1e-14, maxit = 500)) else poisson_fit
  if (inherits(fit, "negbin")) for (i in 1:50) {   # glm.nb stops early: alternate to the end
    theta <- theta.ml(d$y, fitted(fit), limit = 200, eps = 1e-14)
    fit2 <- glm(f, negative.binomial(theta), d, control = control)
    fit$theta <- as.numeric(theta); fit$fitted.values <- fitted(fit2); fit$coefficients <- coef(fit2); last <- fit2
  }
  if (inherits(fit, "negbin")) {
    s <- summary(last, dispersion = 1)$coefficients["arm", ]
    ll <- sum(dnbinom(d$y, size = fit$theta, mu = fitted(last), log = TRUE))
    rows[[length(rows) + 1]] <- data.frame(name, strata, log_ratio = s[[1]], log_error = s[[2]],
                                           dispersion = 1 / fit$theta, log_likelihood = ll)
  } else rows[[length(rows) + 1]] <- row(name, fit, strata)
}
write.csv(format(do.call(rbind, rows), digits = 14), "models.csv", row.names = FALSE, quote = FALSE)

cells <- read.csv(text = "x1,t1,x0,t0
15,19.1,6,22.4
0,10,4,12
5,8,0,3
120,900,88,450
1,0.5,1,2
37,12.5,35,12.5
0,3,0,4
2400,9000,2300,9100")
restricted <- function(gap, k) {
  ll <- function(l0) dpois(k$x1, (l0 + gap) * k$t1, log = TRUE) + dpois(k$x0, l0 * k$t0, log = TRUE)
  high <- (k$x1 + k$x0 + 20) / min(k$t1, k$t0) + abs(gap)
  ends <- c(max(0, -gap), high)
  best <- optimize(ll, ends, maximum = TRUE, tol = 1e-14)$maximum
  tried <- c(ends[1], best); tried[which.max(sapply(tried, ll))]
}
score <- function(gap, k) {
  l0 <- restricted(gap, k); v <- (l0 + gap) / k$t1 + l0 / k$t0
  (k$x1 / k$t1 - k$x0 / k$t0 - gap) / sqrt(v)
}
rows <- lapply(seq_len(nrow(cells)), function(i) {
  k <- cells[i, ]; z <- qnorm(0.975); mid <- k$x1 / k$t1 - k$x0 / k$t0
  one <- poisson.test(k$x1, k$t1)$conf.int
  ratio <- c(NA, NA); p <- 1
  if (k$x1 + k$x0 > 0) { both <- poisson.test(c(k$x1, k$x0), c(k$t1, k$t0)); ratio <- both$conf.int; p <- both$p.value }
  wide <- 60 * (1 / k$t1 + 1 / k$t0) * (1 + sqrt(k$x1 + k$x0))
  low <- uniroot(function(g) score(g, k) - z, c(mid - wide, mid - 1e-9), tol = 1e-13)$root
  high <- uniroot(function(g) score(g, k) + z, c(mid + 1e-9, mid + wide), tol = 1e-13)$root
  data.frame(k, low = one[1], high = one[2], ratio_low = ratio[1], ratio_high = ratio[2], p_value = p,
             score_low = low, score_high = high)
})
write.csv(format(do.call(rbind, rows), digits = 14), "poisson.csv", row.names = FALSE, quote = FALSE)
