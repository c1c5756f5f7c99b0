# Adjusted p-values by R's p.adjust, and a graph by the closed test.
# Run in this folder: Rscript adjust.R
library(jsonlite)
families <- list(c(0.01, 0.02, 0.04, 0.04, 0.7), c(0.03, 0.011, 0.049), c(0.5, 0.001), 0.02,
                 c(0.0121, 0.0337, 0.0084, 0.0160), c(0, 1, 0.5, 0.5))

# Every intersection of hypotheses is tested by a weighted Bonferroni test; the weights of a subset
# are what reaches it when the level of the others runs along the arrows until it is absorbed.
closed <- function(p, weights, transitions) {
  n <- length(p); adjusted <- numeric(n)
  for (code in 1:(2^n - 1)) {
    J <- which(bitwAnd(code, 2^(0:(n - 1))) > 0); R <- setdiff(1:n, J); w <- weights[J]
    if (length(R)) {
      through <- solve(diag(length(R)) - transitions[R, R, drop = FALSE])
      w <- w + as.vector(weights[R] %*% through %*% transitions[R, J, drop = FALSE])
    }
    whole <- min(1, ifelse(w > 0, p[J] / w, Inf))
    adjusted[J] <- pmax(adjusted[J], whole)
  }
  adjusted
}
weights <- c(0.5, 0.3, 0.2, 0)
transitions <- rbind(c(0, .4, .3, .2), c(.5, 0, 0, .4), c(.1, .6, 0, .2), c(.3, .3, .3, 0))
set.seed(3495)
p <- round(rbeta(24, 0.4, 4), 4)
graphs <- lapply(split(p, rep(1:6, each = 4)), function(q) {
  list(p = q, adjusted = closed(q, weights, transitions))
})
write_json(list(
  r = R.version.string,
  families = lapply(families, function(p) list(p = I(p), holm = I(p.adjust(p, "holm")),
    hochberg = I(p.adjust(p, "hochberg")), bonferroni = I(p.adjust(p, "bonferroni")))),
  graph = list(weights = weights, transitions = transitions, tests = unname(graphs))
), "adjust.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
