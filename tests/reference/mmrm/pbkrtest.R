# Kenward-Roger by pbkrtest on a random-intercept model, which is compound symmetry.
# pbkrtest works in variance components (no second-order term) and takes the expected information,
# which for balanced complete data is the observed one.
# Run in this folder: Rscript pbkrtest.R
library(lme4)
library(pbkrtest)
library(jsonlite)

d <- read.csv("mmrm_check.csv", stringsAsFactors = TRUE)
d$TRT01P <- relevel(d$TRT01P, ref = "Riluzole")
complete <- names(which(tapply(d$CHG, d$USUBJID, function(x) sum(!is.na(x))) == 4))
# equal arms, so that the design is balanced
arms <- d$TRT01P[match(complete, d$USUBJID)]
n <- min(table(arms))
keep <- unlist(lapply(levels(arms), function(a) head(complete[arms == a], n)))
b <- droplevels(d[d$USUBJID %in% keep, ])
control <- lmerControl(optCtrl = list(xtol_rel = 1e-14, ftol_rel = 1e-15, maxeval = 1e5),
                       optimizer = "nloptwrap")
fit <- lmer(CHG ~ TRT01P * AVISIT + (1 | USUBJID), b, control = control)
p <- length(fixef(fit))
L <- list(
  arm = rbind(c(0, 1, 0, 0, 0, 0, 0, 0)),
  interaction = cbind(matrix(0, 3, 5), diag(3)),
  visit = cbind(matrix(0, 3, 2), diag(3), matrix(0, 3, 3)),
  all = cbind(0, diag(7))
)
colnames_ok <- names(fixef(fit))
result <- lapply(L, function(l) {
  t <- KRmodcomp(fit, l)$stats
  list(L = unname(l), num_df = t$ndf, df = t$ddf, statistic = t$Fstat, p_value = t$p.value)
})
write_json(list(R = R.version.string, pbkrtest = as.character(packageVersion("pbkrtest")),
                lme4 = as.character(packageVersion("lme4")),
                subjects = as.character(levels(b$USUBJID)), terms = colnames_ok,
                coefficients = unname(fixef(fit)), vcov = unname(as.matrix(vcovAdj(fit))),
                tests = result),
           "pbkrtest.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
