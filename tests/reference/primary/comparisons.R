# Two-sample tests and analysis of covariance of one small made-up trial.
# Run in this folder: Rscript comparisons.R
library(jsonlite)

trial <- read.csv("trial.csv", stringsAsFactors = TRUE)
trial$arm <- factor(trial$arm, levels = c("control", "low", "high"))

t_row <- function(test, treated) {
  list(estimate = unname(diff(rev(test$estimate))), std_error = test$stderr,
       df = unname(test$parameter), statistic = unname(test$statistic), p_value = test$p.value,
       conf_low = test$conf.int[1], conf_high = test$conf.int[2])
}
two <- function(arm, equal) {
  t_row(t.test(trial$change[trial$arm == arm], trial$change[trial$arm == "control"],
               var.equal = equal))
}

fit <- lm(change ~ arm + base + onset, data = trial)
X <- model.matrix(fit)
bread <- solve(crossprod(X))
weights <- residuals(fit)^2 / (1 - hatvalues(fit))^2    # HC3
robust <- bread %*% crossprod(X * weights, X) %*% bread
interaction <- lm(change ~ arm * base + onset, data = trial)

ancova <- function(term) {
  row <- summary(fit)$coefficients[term, ]
  ci <- confint(fit)[term, ]
  se <- sqrt(robust[term, term])
  q <- qt(0.975, df.residual(fit))
  list(estimate = row[[1]], std_error = row[[2]], statistic = row[[3]], p_value = row[[4]],
       df = df.residual(fit), conf_low = ci[[1]], conf_high = ci[[2]],
       robust_std_error = se, robust_conf_low = row[[1]] - q * se,
       robust_conf_high = row[[1]] + q * se,
       robust_p_value = 2 * pt(-abs(row[[1]] / se), df.residual(fit)))
}

write_json(list(
  r = R.version.string,
  pooled = list(low = two("low", TRUE), high = two("high", TRUE)),
  welch = list(low = two("low", FALSE), high = two("high", FALSE)),
  ancova = list(low = ancova("armlow"), high = ancova("armhigh")),
  residual_sd = summary(fit)$sigma,
  interaction_p = anova(fit, interaction)[2, "Pr(>F)"]
), "comparisons.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
