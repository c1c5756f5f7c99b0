# Reference numbers for randomisation tests and minimisation: R 4.2.2 with coin, exactRankTests and
# jsonlite. Run in this folder: Rscript randomisation.R
suppressMessages({library(coin); library(exactRankTests); library(jsonlite)})
set.seed(20240311)

# Small trials: one of fine values, one of whole numbers with ties.
fine <- data.frame(trial = "fine", arm = rep(0:1, c(6, 8)), x = round(rnorm(14, 50, 8), 2))
fine$y <- round(-4 + 0.15 * (fine$x - 50) + 0.5 * fine$arm + rnorm(14, 0, 3), 3)
whole <- data.frame(trial = "whole", arm = rep(0:1, c(7, 6)), x = round(rnorm(13, 50, 8), 2))
whole$y <- pmax(0, round(6 - 2 * whole$arm + rnorm(13, 0, 2.5)))
# A trial too large to list, and one in blocks of four that is drawn again by its blocks.
large <- data.frame(trial = "large", arm = rep(0:1, c(27, 32)), x = round(rnorm(59, 50, 8), 2))
large$y <- round(-5 + 0.1 * (large$x - 50) + 1.5 * large$arm + rnorm(59, 0, 3), 3)
blocks <- data.frame(trial = "blocks", arm = c(0, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1), x = 0)
blocks$y <- round(2 * blocks$arm + rep(c(0, 4, 9), each = 4) + rnorm(12), 3)
trials <- rbind(fine, whole, large, blocks)
write.csv(trials, "trials.csv", row.names = FALSE, quote = FALSE)

tails <- function(y, arm, test) {
  arm <- factor(arm, levels = 1:0)
  sapply(c("greater", "less"), function(side)
    as.numeric(pvalue(test(y ~ arm, distribution = "exact", alternative = side))))
}
limits <- function(ci) as.numeric(ci)[1:2]

small <- function(d) {
  residual <- residuals(lm(y ~ x, d))
  list(
    mean = as.list(tails(d$y, d$arm, oneway_test)),
    rank = as.list(tails(d$y, d$arm, wilcox_test)),
    ancova = as.list(tails(residual, d$arm, oneway_test)),
    difference = diff(tapply(d$y, d$arm, mean))[[1]],
    adjusted = coef(lm(y ~ arm + x, d))[["arm"]]
  )
}

exact <- wilcox.test(fine$y[fine$arm == 1], fine$y[fine$arm == 0], exact = TRUE, conf.int = TRUE)
x1 <- whole$y[whole$arm == 1]; x0 <- whole$y[whole$arm == 0]
perm <- sapply(c("greater", "less", "two.sided"), function(side)
  perm.test(x1, x0, exact = TRUE, alternative = side)$p.value)
# The exact interval of the shift of means, by asking for the p-value of every shift on a fine grid.
shift_p <- function(delta, side, d) {
  tails(d$y - delta * d$arm, d$arm, oneway_test)[[side]]
}
edge <- function(side, lower, upper, d) {
  f <- function(delta) shift_p(delta, side, d) > 0.025
  for (i in 1:40) {
    middle <- (lower + upper) / 2
    # beyond the edge (at `lower`) the shift is rejected
    if (f(middle)) upper <- middle else lower <- middle
  }
  (lower + upper) / 2
}
mean_limits <- c(edge("greater", -20, 0 + small(fine)$difference, fine),
                 edge("less", 30, small(fine)$difference, fine))

big <- list(
  mean = as.list(tails(large$y, large$arm, oneway_test)),
  rank = as.list(tails(large$y, large$arm, wilcox_test)),
  asymptotic = as.numeric(pvalue(oneway_test(y ~ factor(arm), data = large,
                                             distribution = "asymptotic")))
)

# All 6^3 ways of three blocks of four.
ways <- combn(4, 2)
grid <- expand.grid(1:6, 1:6, 1:6)
observed <- sum(blocks$y[blocks$arm == 1])
sums <- apply(grid, 1, function(g)
  sum(sapply(1:3, function(b) sum(blocks$y[4 * (b - 1) + ways[, g[b]]]))))
blocked <- list(greater = mean(sums >= observed - 1e-9), less = mean(sums <= observed + 1e-9))
named <- data.frame(y = blocks$y, group = factor(blocks$arm, levels = 1:0),
                    block = factor(rep(1:3, each = 4)))
blocked$coin <- as.numeric(pvalue(oneway_test(y ~ group | block, data = named, alternative = "greater",
                                              distribution = approximate(nresample = 200000))))

# Minimisation, patient by patient and arm by arm as the paper words it: which arms are preferred,
# given the arms that earlier patients got.
history <- data.frame(sex = sample(0:1, 40, TRUE), site = sample(0:2, 40, TRUE),
                      stage = sample(0:3, 40, TRUE), arm = sample(0:2, 40, TRUE, c(1, 2, 2)))
write.csv(history, "history.csv", row.names = FALSE, quote = FALSE)
preferred <- function(h, ratio, weights, spread) {
  k <- length(ratio)
  sapply(seq_len(nrow(h)), function(i) {
    before <- h[seq_len(i - 1), ]
    score <- sapply(seq_len(k), function(candidate) sum(sapply(1:3, function(f) {
      same <- before[before[[f]] == h[i, f], "arm"]
      counts <- sapply(seq_len(k) - 1, function(a) sum(same == a)) + (seq_len(k) == candidate)
      weights[f] * spread(counts / ratio)
    })))
    paste(which(score <= min(score) + 1e-9) - 1, collapse = "")
  })
}
range_of <- function(v) diff(range(v))
minimised <- list(
  equal_range = preferred(history, c(1, 1, 1), c(1, 1, 1), range_of),
  equal_variance = preferred(history, c(1, 1, 1), c(1, 1, 1), var),
  weighted_range = preferred(history, c(1, 1, 1), c(3, 2, 0.5), range_of),
  ratio_range = preferred(history, c(1, 2, 3), c(1, 1, 1), range_of),
  ratio_variance = preferred(history, c(1, 2, 3), c(2, 1, 1), var)
)

# Right guesses of the convergence strategy, over every sequence of equal arms.
guesses <- function(n) {
  chosen <- combn(n, n / 2)
  mean(apply(chosen, 2, function(c) {
    s <- -1 + 2 * (seq_len(n) %in% c)
    before <- c(0, cumsum(s)[-n])
    sum(ifelse(before == 0, 0.5, sign(before) != s))
  }))
}

write(toJSON(list(
  fine = small(fine), whole = small(whole), large = big, blocks = blocked,
  wilcoxon = list(estimate = exact$estimate[[1]], limits = limits(exact$conf.int)),
  mean_limits = mean_limits, perm_test = as.list(perm), minimised = minimised,
  guesses = list(n2 = guesses(2), n4 = guesses(4), n6 = guesses(6), n12 = guesses(12))
), auto_unbox = TRUE, digits = 12, pretty = TRUE), "randomisation.json")
