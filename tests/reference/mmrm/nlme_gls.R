# Generalised least squares by nlme, converged tightly, with emmeans and joint (type III) tests.
# Run in this folder: Rscript nlme_gls.R
library(nlme)
library(emmeans)
library(jsonlite)

d <- read.csv("mmrm_check.csv", stringsAsFactors = TRUE)
d$TRT01P <- relevel(d$TRT01P, ref = "Riluzole")
d <- d[!is.na(d$CHG), ]
d$VISIT <- as.integer(d$AVISIT)
control <- glsControl(tolerance = 1e-13, maxIter = 5000, msMaxIter = 5000, apVar = FALSE)

formula <- CHG ~ BASE * AVISIT + ONSET + TRT01P * AVISIT
by_visit <- varIdent(form = ~ 1 | AVISIT)
fits <- list(
  us = gls(formula, d, correlation = corSymm(form = ~ VISIT | USUBJID), weights = by_visit,
           control = control),
  us_ml = gls(formula, d, correlation = corSymm(form = ~ VISIT | USUBJID), weights = by_visit,
              method = "ML", control = control),
  ar1 = gls(formula, d, correlation = corAR1(form = ~ VISIT | USUBJID), control = control),
  ar1h = gls(formula, d, correlation = corAR1(form = ~ VISIT | USUBJID), weights = by_visit,
             control = control),
  cs = gls(formula, d, correlation = corCompSymm(form = ~ 1 | USUBJID), control = control),
  csh = gls(formula, d, correlation = corCompSymm(form = ~ 1 | USUBJID), weights = by_visit,
            control = control),
  sp_exp = gls(formula, d, correlation = corExp(form = ~ AVISITN | USUBJID), control = control),
  weighted = gls(formula, d, correlation = corAR1(form = ~ VISIT | USUBJID),
                 weights = varFixed(~ I(1 / WEIGHT)), control = control)
)

one <- function(name) {
  fit <- fits[[name]]
  tests <- as.data.frame(joint_tests(fit, mode = "asymptotic"))
  means <- as.data.frame(emmeans(fit, ~ TRT01P | AVISIT, mode = "asymptotic"))
  list(
    log_likelihood = as.numeric(logLik(fit)),
    coefficients = unname(coef(fit)),
    terms = names(coef(fit)),
    vcov = unname(vcov(fit)),
    pearson = unname(as.numeric(resid(fit, type = "pearson"))),
    normalized = unname(as.numeric(resid(fit, type = "normalized"))),
    joint_tests = tests[, c("model term", "df1", "F.ratio")],
    emmeans = means[, c("TRT01P", "AVISIT", "emmean", "SE")]
  )
}

write_json(c(list(R = R.version.string, nlme = as.character(packageVersion("nlme")),
                  emmeans = as.character(packageVersion("emmeans")),
                  rows = as.integer(rownames(d))),
             setNames(lapply(names(fits), one), names(fits))),
           "nlme_gls.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
