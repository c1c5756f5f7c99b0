# Ratios, odds ratios and exact tests of fourfold tables by means other than those of the package:
# fisher.test; epiR for the textbook ratio; likelihoods maximised by a search and limits by uniroot;
# Boschloo's test by trying every outcome.
# Run: Rscript tables.R  (base R and epiR); writes tables.csv and boschloo.csv beside this file.
suppressMessages(library(epiR))
counts <- read.csv(text = "x1,n1,x0,n0
7,34,1,34
0,16,15,72
9,13,4,14
3,4,1,4
15,33,6,31
8,33,0,31
0,33,0,31
33,33,31,31
10,10,0,10
1,84,6,86
45,72,39,81
2,5,3,4
1,1,0,1
120,900,88,450
1500,5000,1400,4900")

loglik <- function(p1, p0, k) {
  term <- function(x, p) ifelse(x == 0, 0, x * log(p))
  term(k$x1, p1) + term(k$n1 - k$x1, 1 - p1) + term(k$x0, p0) + term(k$n0 - k$x0, 1 - p0)
}

ratio_score <- function(r, k, factor) {
  high <- min(1, 1 / r)
  p0 <- optimize(function(p) suppressWarnings(loglik(r * p, p, k)), c(0, high), maximum = TRUE,
                 tol = 1e-14)$maximum
  p1 <- r * p0
  v <- (p1 * (1 - p1) / k$n1 + r^2 * p0 * (1 - p0) / k$n0) * factor
  (k$x1 / k$n1 - r * k$x0 / k$n0) / sqrt(v)
}

ratio_limits <- function(k, factor) {
  z <- qnorm(0.975); est <- log(k$x1 / k$n1) - log(k$x0 / k$n0)
  at <- function(shift) function(u) ratio_score(exp(u), k, factor) - shift
  mid <- if (is.finite(est)) est else 0
  low <- if (k$x1 == 0) 0 else exp(uniroot(at(z), c(-9, if (k$x0 == 0) 12 else mid + 1e-9), tol = 1e-13)$root)
  high <- if (k$x0 == 0) Inf else exp(uniroot(at(-z), c(if (k$x1 == 0) -12 else mid - 1e-9, 9), tol = 1e-13)$root)
  c(low, high)
}

# Probabilities of the number of treated patients with the event, given the margins, at an odds ratio.
given_margins <- function(theta, k) {
  m <- k$x1 + k$x0; x <- max(0, m - k$n0):min(m, k$n1)
  w <- lchoose(k$n1, x) + lchoose(k$n0, m - x) + theta * x
  p <- exp(w - max(w)); list(x = x, p = p / sum(p))
}

# Limits by the two tails; the outcome seen counts in full (exact) or by half (mid-p). fisher.test
# stops its search early, so its own limits are kept beside as a check of the definition only.
tail_limits <- function(k, share) {
  tail <- function(theta, upper) {
    d <- given_margins(theta, k)
    beyond <- if (upper) d$x > k$x1 else d$x < k$x1
    sum(d$p[beyond]) + sum(d$p[d$x == k$x1]) * share
  }
  x <- given_margins(0, k)$x
  low <- if (k$x1 == min(x)) 0 else exp(uniroot(function(t) tail(t, TRUE) - 0.025, c(-30, 30), tol = 1e-13)$root)
  high <- if (k$x1 == max(x)) Inf else exp(uniroot(function(t) tail(t, FALSE) - 0.025, c(-30, 30), tol = 1e-13)$root)
  c(low, high)
}

most_likely <- function(k) {
  x <- given_margins(0, k)$x
  if (length(x) == 1) return(NA)
  if (k$x1 == min(x)) return(0)
  if (k$x1 == max(x)) return(Inf)
  mean_of <- function(t) { d <- given_margins(t, k); sum(d$x * d$p) }
  exp(uniroot(function(t) mean_of(t) - k$x1, c(-30, 30), tol = 1e-13)$root)
}

agresti_caffo <- function(k) {
  p1 <- (k$x1 + 1) / (k$n1 + 2); p0 <- (k$x0 + 1) / (k$n0 + 2)
  limits <- p1 - p0 + c(-1, 1) * qnorm(0.975) * sqrt(p1 * (1 - p1) / (k$n1 + 2) + p0 * (1 - p0) / (k$n0 + 2))
  pmin(pmax(limits, -1), 1)
}

rows <- lapply(seq_len(nrow(counts)), function(i) {
  k <- counts[i, ]; table <- matrix(c(k$x1, k$x0, k$n1 - k$x1, k$n0 - k$x0), 2)
  f <- fisher.test(table); d <- given_margins(0, k)
  n <- k$n1 + k$n0
  s <- ratio_limits(k, n / (n - 1)); koopman <- ratio_limits(k, 1); m <- tail_limits(k, 0.5); e2 <- tail_limits(k, 1); a <- agresti_caffo(k)
  wald <- c(NA, NA)
  if (k$x1 > 0 && k$x0 > 0) {
    e <- epi.2by2(matrix(c(k$x1, k$n1 - k$x1, k$x0, k$n0 - k$x0), 2, byrow = TRUE), method = "cohort.count")
    wald <- unlist(e$massoc.detail$RR.strata.wald[c("lower", "upper")])
  }
  wilson <- suppressWarnings(prop.test(k$x1, k$n1, correct = FALSE)$conf.int)
  exact <- binom.test(k$x1, k$n1)$conf.int
  data.frame(k, ratio_low = s[1], ratio_high = s[2], koopman_low = koopman[1], koopman_high = koopman[2],
             ratio_wald_low = wald[1], ratio_wald_high = wald[2],
             odds_ratio = most_likely(k), odds_ratio_low = e2[1], odds_ratio_high = e2[2],
             fisher_odds_ratio = unname(f$estimate), fisher_low = f$conf.int[1], fisher_high = f$conf.int[2],
             odds_ratio_midp_low = m[1], odds_ratio_midp_high = m[2],
             agresti_caffo_low = a[1], agresti_caffo_high = a[2],
             p_value = min(1, f$p.value), p_midp = min(1, f$p.value) - d$p[d$x == k$x1] / 2,
             wilson_low = wilson[1], wilson_high = wilson[2], exact_low = exact[1], exact_high = exact[2])
})
write.csv(format(do.call(rbind, rows), digits = 15), "tables.csv", row.names = FALSE, quote = FALSE)

boschloo <- function(k) {
  p_of <- function(x1, x0) fisher.test(matrix(c(x1, x0, k$n1 - x1, k$n0 - x0), 2))$p.value
  all <- outer(0:k$n1, 0:k$n0, Vectorize(p_of))
  inside <- all <= p_of(k$x1, k$x0) * (1 + 1e-7)
  chance <- function(p) sum(outer(dbinom(0:k$n1, k$n1, p), dbinom(0:k$n0, k$n0, p))[inside])
  tried <- seq(0, 1, length.out = 1001); values <- sapply(tried, chance)
  best <- tried[order(-values)[1:5]]
  max(values, sapply(best, function(b) optimize(chance, c(max(0, b - 0.001), min(1, b + 0.001)),
                                                maximum = TRUE, tol = 1e-10)$objective))
}
some <- read.csv(text = "x1,n1,x0,n0
10,35,24,61
7,34,1,34
0,16,15,72
9,13,4,14
3,4,1,4
15,33,6,31
2,33,0,31
1,12,7,11
0,5,0,9
1,84,6,86
5,7,0,40")
some$p_boschloo <- sapply(seq_len(nrow(some)), function(i) boschloo(some[i, ]))
write.csv(format(some, digits = 12), "boschloo.csv", row.names = FALSE, quote = FALSE)
