# Reference figures for families of tests and for panels.
# Run from this folder: Rscript family.R ; R 4.2.2, multtest 2.54.0, qvalue 2.30.0 (Bioconductor).
suppressPackageStartupMessages({library(multtest); library(qvalue); library(jsonlite)})
set.seed(20181004)
n <- 13; k <- 6
arm <- c(rep(1, 6), rep(0, 7))
common <- rnorm(n)
y <- sapply(1:k, function(j) round(0.7 * common + rnorm(n) + ifelse(j <= 2, 1.6, 0.2) * arm, 6))
full <- y
y[2, 3] <- NA; y[9, 3] <- NA; y[12, 5] <- NA; y[4, 6] <- NA
write.csv(data.frame(arm, y, full = full), "panel.csv", row.names = FALSE)

in_order <- function(r) {
  r <- r[order(r$index), ]
  list(statistic = r$teststat, raw = r$rawp, adjusted = r$adjp)
}
run <- function(f, x, test, side) in_order(f(t(x), arm, test = test, side = side, B = 0))
out <- list(westfall_young = list(
  t = list(max_t = run(mt.maxT, y, "t.equalvar", "abs"), min_p = run(mt.minP, y, "t.equalvar", "abs")),
  welch = list(max_t = run(mt.maxT, y, "t", "abs"), min_p = run(mt.minP, y, "t", "abs")),
  greater = list(max_t = run(mt.maxT, y, "t.equalvar", "upper"), min_p = run(mt.minP, y, "t.equalvar", "upper")),
  rank = list(max_t = run(mt.maxT, full, "wilcoxon", "abs"), min_p = run(mt.minP, full, "wilcoxon", "abs"))))

# minP way by way. In columns with missing values many ways have the same statistic, which multtest
# tells apart by rounding; here those within 1e-9 are one.
ways <- combn(n, sum(arm))
seen <- apply(ways, 2, function(i) identical(as.integer(i), which(arm == 1)))
min_p <- function(x, equal, size) {
  s <- apply(ways, 2, function(i) { a <- seq_len(n) %in% i
    apply(x, 2, function(v) { s <- !is.na(v); size(t.test(v[a & s], v[!a & s], var.equal = equal)$statistic) }) })
  p <- t(apply(s, 1, function(v) sapply(v, function(w) mean(v >= w - 1e-9))))
  o <- order(p[, seen]); found <- numeric(nrow(p)); last <- 0
  for (j in seq_along(o)) { least <- apply(p[o[j:length(o)], , drop = FALSE], 2, min)
    last <- max(last, mean(least <= p[o[j], seen] + 1e-12)); found[o[j]] <- last }
  found
}
out$min_p <- list(t = min_p(y, TRUE, abs), welch = min_p(y, FALSE, abs), greater = min_p(y, TRUE, identity),
                  full = min_p(full, TRUE, abs), multtest_full = run(mt.minP, full, "t.equalvar", "abs")$adjusted)

p <- round(c(rbeta(25, 0.3, 6), runif(35)), 7)
l <- seq(0.05, 0.95, 0.05)
spline <- smooth.spline(l, sapply(l, function(x) mean(p >= x) / (1 - x)), df = 3, control.spar = list(tol = 1e-14))
q <- qvalue(p); b <- qvalue(p, pi0.method = "bootstrap"); f <- qvalue(p, lambda = 0.5)
out$storey <- list(p = p, smoother = list(pi0 = q$pi0, q = q$qvalues), smooth = predict(spline, l)$y,
                   bootstrap = list(pi0 = b$pi0, q = b$qvalues), fixed = list(pi0 = f$pi0, q = f$qvalues))
out$by <- p.adjust(p, "BY")

# O'Brien's tests on the complete columns, column by column as in the paper.
on <- arm == 1
ranks <- rowMeans(apply(full, 2, rank))
test <- t.test(ranks[on], ranks[!on], var.equal = TRUE)
t_of <- function(v) unname(t.test(v[on], v[!on], var.equal = TRUE)$statistic)
t <- apply(full, 2, t_of)
one <- rep(1, k)
# the cross-products of columns centred within the arms give the pooled correlation
cross <- crossprod(rbind(scale(full[on, ], scale = FALSE), scale(full[!on, ], scale = FALSE)))
R <- cross / sqrt(outer(diag(cross), diag(cross)))
w <- solve(R, one)
out$obrien <- list(rank_sum = list(estimate = unname(-diff(test$estimate)), statistic = unname(test$statistic), p = test$p.value),
                   ols = sum(t) / sqrt(sum(R)), gls = sum(w * t) / sqrt(sum(w)), weights = as.numeric(w / sum(w)))
sums <- apply(ways, 2, function(i) { a <- seq_len(n) %in% i
  v <- apply(y, 2, function(v) { s <- !is.na(v); t.test(v[a & s], v[!a & s], var.equal = TRUE)$statistic }); c(max(abs(v)), sum(v^2), sum(v)) })
share <- function(r) mean(abs(sums[r, ]) >= abs(sums[r, seen]) - 1e-9)
out$panel <- list(largest = share(1), squares = share(2), sum = share(3), n_ways = ncol(ways))
write_json(out, "family.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
