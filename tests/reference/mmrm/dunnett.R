# Two-sided Dunnett probabilities by mvtnorm.
# Run in this folder: Rscript dunnett.R
library(mvtnorm)
library(jsonlite)

set.seed(1)
algorithm <- GenzBretz(maxpts = 1e6, abseps = 1e-6)
cases <- list(
  list(correlation = matrix(c(1, 0.5, 0.5, 1), 2), df = 20, bound = 2.1),
  list(correlation = matrix(c(1, 0.3, 0.3, 1), 2), df = 6, bound = 1.4),
  list(correlation = matrix(c(1, -0.2, -0.2, 1), 2), df = 150, bound = 2.6),
  list(correlation = matrix(c(1, 0.5, 0.4, 0.5, 1, 0.6, 0.4, 0.6, 1), 3), df = 35, bound = 2.2),
  list(correlation = 0.5 * diag(4) + 0.5, df = 60, bound = 1.9)
)
out <- lapply(cases, function(case) {
  k <- nrow(case$correlation)
  # integer degrees of freedom, as pmvt wants
  p <- pmvt(rep(-case$bound, k), rep(case$bound, k), df = case$df, corr = case$correlation,
            algorithm = algorithm)
  c(case, list(probability = as.numeric(p), error = attr(p, "error")))
})
write_json(list(R = R.version.string, mvtnorm = as.character(packageVersion("mvtnorm")),
                cases = out), "dunnett.json", digits = 12, auto_unbox = TRUE, pretty = TRUE)
