# Mantel-Haenszel estimates and tests with metafor and mantelhaen.test; the stratified score limits
# of Miettinen and Nurminen by a search for the restricted shares of each stratum and uniroot.
# Run: Rscript strata.R  (needs metafor); reads strata.csv, writes stratified.csv beside it.
suppressMessages(library(metafor))
strata <- read.csv("strata.csv")
restricted <- function(delta, k) {
  term <- function(x, p) ifelse(x == 0, 0, x * log(p))
  ll <- function(p0) term(k$x1, p0 + delta) + term(k$n1 - k$x1, 1 - p0 - delta) + term(k$x0, p0) + term(k$n0 - k$x0, 1 - p0)
  ends <- c(max(0, -delta), min(1, 1 - delta))
  best <- suppressWarnings(optimize(ll, ends, maximum = TRUE, tol = 1e-14)$maximum)
  tried <- c(ends[1], best, ends[2]); values <- suppressWarnings(sapply(tried, ll)); values[is.nan(values)] <- -Inf
  tried[which.max(values)]
}
score <- function(delta, s) {
  w <- s$n1 * s$n0 / (s$n1 + s$n0)
  v <- sapply(seq_len(nrow(s)), function(i) {
    k <- s[i, ]; p0 <- restricted(delta, k); p1 <- p0 + delta; n <- k$n1 + k$n0
    (p1 * (1 - p1) / k$n1 + p0 * (1 - p0) / k$n0) * n / (n - 1)
  })
  sum(w * (s$x1 / s$n1 - s$x0 / s$n0 - delta)) / sqrt(sum(w^2 * v))
}
rows <- lapply(unique(strata$name), function(name) {
  s <- strata[strata$name == name, ]
  fit <- function(measure) rma.mh(measure = measure, ai = x1, n1i = n1, ci = x0, n2i = n0, data = s,
                                  add = 0, drop00 = FALSE, correct = FALSE)
  rd <- fit("RD"); rr <- fit("RR"); or <- fit("OR")
  a <- array(rbind(s$x1, s$x0, s$n1 - s$x1, s$n0 - s$x0), c(2, 2, nrow(s)))
  cmh <- mantelhaen.test(a, correct = FALSE)
  z <- qnorm(0.975)
  low <- uniroot(function(d) score(d, s) - z, c(-0.999, 0.999), tol = 1e-12)$root
  high <- uniroot(function(d) score(d, s) + z, c(-0.999, 0.999), tol = 1e-12)$root
  data.frame(name, estimate = as.numeric(rd$beta), std_error = rd$se, p_value = rd$pval, conf_low = rd$ci.lb,
             conf_high = rd$ci.ub, score_low = low, score_high = high,
             ratio = exp(as.numeric(rr$beta)), ratio_low = exp(rr$ci.lb), ratio_high = exp(rr$ci.ub),
             odds_ratio = exp(as.numeric(or$beta)), odds_ratio_low = exp(or$ci.lb), odds_ratio_high = exp(or$ci.ub),
             cmh = unname(cmh$statistic), cmh_p = cmh$p.value, tarone = or$TA, tarone_p = or$TAp,
             odds_ratio_r = unname(cmh$estimate), odds_ratio_low_r = cmh$conf.int[1], odds_ratio_high_r = cmh$conf.int[2])
})
write.csv(format(do.call(rbind, rows), digits = 14), "stratified.csv", row.names = FALSE, quote = FALSE)
