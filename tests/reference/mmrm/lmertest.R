# Satterthwaite's degrees of freedom by lmerTest on a random-intercept model, which is compound
# symmetry: single and joint contrasts on the unbalanced data. lmerTest takes the observed
# information by numerical differentiation.
# Run in this folder: Rscript lmertest.R
library(lmerTest)
library(jsonlite)

d <- read.csv("mmrm_check.csv", stringsAsFactors = TRUE)
d$TRT01P <- relevel(d$TRT01P, ref = "Riluzole")
control <- lmerControl(optCtrl = list(xtol_rel = 1e-14, ftol_rel = 1e-15, maxeval = 1e5),
                       optimizer = "nloptwrap")
fit <- lmer(CHG ~ BASE + TRT01P * AVISIT + (1 | USUBJID), d, control = control)
p <- length(fixef(fit))
single <- summary(fit)$coefficients
L <- list(
  interaction = cbind(matrix(0, 3, 6), diag(3)),
  visit = cbind(matrix(0, 3, 3), diag(3), matrix(0, 3, 3)),
  all = cbind(0, diag(p - 1))
)
joint <- lapply(L, function(l) {
  t <- contestMD(fit, l, ddf = "Satterthwaite")
  list(L = unname(l), num_df = t$NumDF, df = t$DenDF, statistic = t[["F value"]],
       p_value = t[["Pr(>F)"]])
})
type3 <- anova(fit, type = 3)
write_json(list(R = R.version.string, lmerTest = as.character(packageVersion("lmerTest")),
                terms = rownames(single), estimate = unname(single[, 1]),
                std_error = unname(single[, 2]), df = unname(single[, 3]), joint = joint,
                anova = list(term = rownames(type3), num_df = type3$NumDF, df = type3$DenDF,
                             statistic = type3[["F value"]])),
           "lmertest.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
