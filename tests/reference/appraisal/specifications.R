# A handful of specifications of one small made-up trial, each computed in the plain way of R.
# Estimates are in standard deviations pooled over the arms. Run here: Rscript specifications.R
library(jsonlite)

trial <- read.csv("trial.csv", stringsAsFactors = TRUE)
on <- trial$arm == "treated"

spread <- function(y) {
  v <- tapply(y, trial$arm, var, na.rm = TRUE)
  n <- tapply(!is.na(y), trial$arm, sum)
  sqrt(sum(v * (n - 1)) / (sum(n) - 2))
}
unit <- spread(trial$y3)

from_test <- function(y, equal) {
  t <- t.test(y[on], y[!on], var.equal = equal)
  list(estimate = (t$estimate[[1]] - t$estimate[[2]]) / unit, std_error = t$stderr / unit,
       df = t$parameter[[1]], p_value = t$p.value,
       conf_low = t$conf.int[1] / unit, conf_high = t$conf.int[2] / unit)
}
from_lm <- function(y, formula, unit) {
  trial$y <- y
  fit <- lm(formula, trial)
  row <- summary(fit)$coefficients["armtreated", ]
  ci <- confint(fit)["armtreated", ]
  list(estimate = row[[1]] / unit, std_error = row[[2]] / unit, df = df.residual(fit),
       p_value = row[[4]], conf_low = ci[[1]] / unit, conf_high = ci[[2]] / unit)
}

limits <- quantile(trial$y3, c(0.05, 0.95), na.rm = TRUE)
winsorised <- pmin(pmax(trial$y3, limits[[1]]), limits[[2]])
trimmed <- ifelse(trial$y3 < limits[[1]] | trial$y3 > limits[[2]], NA, trial$y3)
locf <- ifelse(!is.na(trial$y3), trial$y3, ifelse(!is.na(trial$y2), trial$y2, trial$y1))
unchanged <- ifelse(is.na(trial$y3), 0, trial$y3)
blind <- lm(y3 ~ base, trial, na.action = na.exclude)
far <- cooks.distance(blind) > 4 / sum(!is.na(trial$y3))
uninfluenced <- ifelse(far, NA, trial$y3)
ranks <- rank(trial$y3, na.last = "keep")

write_json(list(
  r = R.version.string,
  winsorised_pooled = from_test(winsorised, TRUE),
  trimmed_welch = from_test(trimmed, FALSE),
  carried_ancova = from_lm(locf, y ~ arm + base + site, unit),
  unchanged_ancova = from_lm(unchanged, y ~ arm + base, unit),
  uninfluenced_ancova = from_lm(uninfluenced, y ~ arm + base, unit),
  ranks_ancova = from_lm(ranks, y ~ arm + base, spread(ranks))
), "specifications.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
