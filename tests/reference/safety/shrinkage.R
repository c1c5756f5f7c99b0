# Beta-binomial shares within systems: posterior means, standard deviations and weights by nested
# integrate(); the probability that one beta variable exceeds another by integrate().
# Run: Rscript shrinkage.R  (base R only); writes shrunken.csv and exceeds.csv beside this file.
systems <- list(
  "a" = list(x = c(0, 1, 2), n = 30), "b" = list(x = c(0, 0, 0, 0), n = 31), "c" = list(x = c(5, 5, 5, 6), n = 31),
  "d" = list(x = c(30, 1, 0, 0, 2), n = 31), "e" = list(x = c(3, 0), n = 7), "f" = list(x = c(250, 3, 10, 0, 1, 900), n = 5000),
  "g" = list(x = c(31, 31), n = 31), "h" = list(x = c(4, 9, 1, 0, 2, 6, 3), n = 84))

# Over the weight of the system b = m / (m + n) and the angle of its mean, both flat in what they stand for.
marginal <- function(x, n, extra, b, phi) {
  m <- n * b / (1 - b); mu <- sin(phi)^2; alpha <- m * mu; beta <- m * (1 - mu)
  log_l <- sapply(seq_along(phi), function(i) sum(lbeta(x + alpha[i], n - x + beta[i]) - lbeta(alpha[i], beta[i])))
  list(log = log_l + log(sin(2 * phi)), extra = extra(m, mu))
}
average <- function(x, n, extra, top) {
  inner <- function(b) sapply(b, function(one) {
    f <- function(phi) { v <- marginal(x, n, extra, one, phi); exp(v$log - top) * v$extra }
    cuts <- seq(1e-9, pi / 2 - 1e-9, length.out = 25)
    sum(mapply(function(lo, hi) integrate(f, lo, hi, rel.tol = 1e-8, abs.tol = 0, stop.on.error = FALSE)$value, cuts[-25], cuts[-1]))
  })
  # In the logit of b, where the likelihood of strong and of weak systems is smooth.
  g <- function(v) { b <- plogis(v); inner(b) * b * (1 - b) }
  cuts <- seq(-14, 12, length.out = 27)
  sum(mapply(function(lo, hi) integrate(g, lo, hi, rel.tol = 1e-7, abs.tol = 0, stop.on.error = FALSE)$value, cuts[-27], cuts[-1]))
}
rows <- list()
for (name in names(systems)) {
  s <- systems[[name]]; n <- s$n
  tried <- outer(plogis(seq(-10, 8, 0.5)), seq(0.01, 1.56, 0.01), Vectorize(function(b, p) marginal(s$x, n, function(m, mu) 1, b, p)$log))
  top <- max(tried); whole <- average(s$x, n, function(m, mu) 1, top)
  for (x in unique(s$x)) {
    first <- average(s$x, n, function(m, mu) (x + m * mu) / (n + m), top) / whole
    second <- average(s$x, n, function(m, mu) (x + m * mu) * (x + m * mu + 1) / ((n + m) * (n + m + 1)), top) / whole
    weight <- average(s$x, n, function(m, mu) m / (n + m), top) / whole
    rows[[length(rows) + 1]] <- data.frame(system = name, x, n, mean = first, sd = sqrt(second - first^2), weight)
  }
}
write.csv(format(do.call(rbind, rows), digits = 8), "shrunken.csv", row.names = FALSE, quote = FALSE)

pairs <- read.csv(text = "a1,b1,a0,b0
2,30,1,40
0.3,60,4,60
0.05,30,0.2,500
20,15,18,17
300,4000,310,4100
5,2,900,400")
pairs$p_exceeds <- mapply(function(a1, b1, a0, b0) {
  cuts <- qbeta(seq(0, 1, length.out = 41), a1, b1)
  sum(mapply(function(lo, hi) if (hi > lo) integrate(function(t) pbeta(t, a0, b0) * dbeta(t, a1, b1), lo, hi,
      rel.tol = 1e-9, stop.on.error = FALSE)$value else 0, cuts[-41], cuts[-1]))
}, pairs$a1, pairs$b1, pairs$a0, pairs$b0)
write.csv(format(pairs, digits = 8), "exceeds.csv", row.names = FALSE, quote = FALSE)
