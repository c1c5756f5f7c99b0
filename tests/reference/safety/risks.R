# Risk differences and rates by means other than those of the package:
# the restricted likelihood is maximised by a search, its limits found by bisection (uniroot).
# Run: Rscript risks.R  (base R only); writes risks.csv, limits.csv, rates.csv beside this file.
counts <- read.csv(text = "x1,n1,x0,n0
56,70,48,80
9,10,3,10
6,7,2,7
5,56,0,29
0,10,0,20
0,10,0,10
10,10,0,20
10,10,0,10
15,33,6,31
8,33,0,31
3,33,6,31
26,84,8,86
1,84,6,86
33,33,31,31
2,5,3,4")

restricted <- function(delta, x1, n1, x0, n0) {
  loglik <- function(p0) {
    p1 <- p0 + delta
    term <- function(x, p) ifelse(x == 0, 0, x * log(p))
    term(x1, p1) + term(n1 - x1, 1 - p1) + term(x0, p0) + term(n0 - x0, 1 - p0)
  }
  low <- max(0, -delta); high <- min(1, 1 - delta)
  best <- optimize(loglik, c(low, high), maximum = TRUE, tol = 1e-14)
  ends <- c(low, best$maximum, high)
  values <- suppressWarnings(sapply(ends, loglik))
  values[is.nan(values)] <- -Inf
  ends[which.max(values)]
}

score <- function(delta, x1, n1, x0, n0) {
  p0 <- restricted(delta, x1, n1, x0, n0)
  p1 <- min(max(p0 + delta, 0), 1)
  n <- n1 + n0
  v <- (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * n / (n - 1)
  gap <- x1 / n1 - x0 / n0 - delta
  if (v <= 0) return(if (abs(gap) < 1e-12) 0 else sign(gap) * 1e6)
  gap / sqrt(v)
}

miettinen <- function(x1, n1, x0, n0, level = 0.95) {
  z <- qnorm((1 + level) / 2); e <- 1e-9
  f <- function(shift) function(d) score(d, x1, n1, x0, n0) - shift
  low <- if (f(z)(-1 + e) <= 0) -1 else uniroot(f(z), c(-1 + e, 1 - e), tol = 1e-12)$root
  high <- if (f(-z)(1 - e) >= 0) 1 else uniroot(f(-z), c(-1 + e, 1 - e), tol = 1e-12)$root
  c(low, high)
}

newcombe <- function(x1, n1, x0, n0) {
  w <- function(x, n) suppressWarnings(prop.test(x, n, correct = FALSE)$conf.int)
  a <- w(x1, n1); b <- w(x0, n0); p1 <- x1 / n1; p0 <- x0 / n0
  c(p1 - p0 - sqrt((p1 - a[1])^2 + (b[2] - p0)^2), p1 - p0 + sqrt((a[2] - p1)^2 + (p0 - b[1])^2))
}

rows <- lapply(seq_len(nrow(counts)), function(i) {
  k <- counts[i, ]
  m <- miettinen(k$x1, k$n1, k$x0, k$n0); n <- newcombe(k$x1, k$n1, k$x0, k$n0)
  f <- fisher.test(matrix(c(k$x1, k$n1 - k$x1, k$x0, k$n0 - k$x0), 2))$p.value
  data.frame(k, score_low = m[1], score_high = m[2], newcombe_low = n[1], newcombe_high = n[2],
             p_value = min(1, f))
})
write.csv(do.call(rbind, rows), "risks.csv", row.names = FALSE)

single <- expand.grid(n = c(1, 5, 31, 86), x = c(0, 1, 3, 31))
single <- single[single$x <= single$n, ]
limits <- t(mapply(function(x, n) binom.test(x, n)$conf.int, single$x, single$n))
write.csv(data.frame(single, low = limits[, 1], high = limits[, 2]), "limits.csv", row.names = FALSE)

# Events per time: Poisson regression with a sandwich (HC0) covariance.
patients <- data.frame(
  arm = rep(c(0, 1), c(8, 7)),
  events = c(0, 0, 1, 2, 0, 5, 1, 0, 3, 0, 4, 1, 2, 7, 0),
  years = c(0.5, 0.5, 0.4, 0.5, 0.1, 0.5, 0.3, 0.5, 0.5, 0.2, 0.5, 0.5, 0.45, 0.5, 0.5))
fit <- glm(events ~ arm, offset = log(years), family = poisson, data = patients,
           control = glm.control(epsilon = 1e-14, maxit = 100))
X <- model.matrix(fit); mu <- fitted(fit); r <- patients$events - mu
bread <- solve(t(X) %*% (X * mu)); V <- bread %*% (t(X) %*% (X * r^2)) %*% bread
write.csv(patients, "patients.csv", row.names = FALSE)
write.csv(data.frame(log_rate_control = coef(fit)[1], log_rate_control_error = sqrt(V[1, 1]),
                     log_ratio = coef(fit)[2], log_ratio_error = sqrt(V[2, 2])),
          "rates.csv", row.names = FALSE)
