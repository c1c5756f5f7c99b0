# Reference figures for Cox models. Run from this folder after survival.R: Rscript cox.R
# R 4.2.2 with survival 3.5-3.
suppressPackageStartupMessages({library(survival); library(splines); library(jsonlite)})
data <- read.csv("survival.csv")
data$limb <- as.numeric(data$onset == "limb")
two <- subset(data, arm < 2)
late <- subset(two, time > 0)
late$entry <- floor(late$time * ((seq_len(nrow(late)) * 7) %% 10) / 12)
tight <- coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 50)
out <- list(entry = late$entry)
fit <- function(formula, d, ties = "efron") coxph(formula, d, ties = ties, control = tight)
figures <- function(f) list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))),
                            loglik = f$loglik)
models <- list(breslow = fit(Surv(time, event) ~ arm + age, two, "breslow"),
               stratified = fit(Surv(time, event) ~ arm + age + strata(onset), two),
               stratified_breslow = fit(Surv(time, event) ~ arm + age + strata(onset), two, "breslow"),
               late = fit(Surv(entry, time, event) ~ arm + age, late),
               late_stratified = fit(Surv(entry, time, event) ~ arm + age + strata(onset), late))
out$models <- lapply(models, figures)

residuals_of <- function(f, rows) {
  d <<- rows  # residuals looks the data up again
  list(martingale = unname(residuals(f, "martingale")),
  deviance = unname(residuals(f, "deviance")), dfbeta = unname(residuals(f, "dfbeta")),
  schoenfeld = unname(residuals(f, "schoenfeld")), scaled = unname(residuals(f, "scaledsch")),
  times = as.numeric(rownames(residuals(f, "schoenfeld"))))
}
efron <- fit(Surv(time, event) ~ arm + age, two)
out$residuals <- list(efron = residuals_of(efron, two), breslow = residuals_of(models$breslow, two),
                      stratified = residuals_of(models$stratified, two),
                      late = residuals_of(models$late, late))
out$zph <- sapply(c("km", "rank", "identity"), function(k) {
  d <<- two
  unname(cox.zph(coxph(Surv(time, event) ~ arm + age, d, control = tight), transform = k,
                 terms = FALSE)$table[, "chisq"])}, simplify = FALSE)
d <- two
out$zph_stratified <- unname(cox.zph(coxph(Surv(time, event) ~ arm + age + strata(onset), d,
                             control = tight), transform = "km", terms = FALSE)$table[, "chisq"])
# The curve through the scaled residuals: a natural spline with knots at thirds of the positions.
z <- cox.zph(coxph(Surv(time, event) ~ arm + age, d, control = tight), transform = "km", terms = FALSE)
x <- as.numeric(z$x); k <- quantile(x, c(1, 2) / 3)
s <- lm(z$y[, "arm"] ~ ns(x, knots = k, Boundary.knots = range(x)))
out$smooth <- list(position = x, estimate = unname(fitted(s)))

# Null martingale residuals, for functional form.
out$null <- unname(residuals(coxph(Surv(time, event) ~ 1, two), "martingale"))

# Firth's penalised likelihood, maximised by a general optimiser; R's coxph evaluates the parts.
penalised <- function(formula, d, ties) function(b) {
  f <- suppressWarnings(coxph(formula, d, ties = ties, init = b, control = coxph.control(iter.max = 0)))
  f$loglik[length(f$loglik)] - 0.5 * as.numeric(determinant(f$var)$modulus)
}
firth <- function(formula, d, p, ties) {
  value <- penalised(formula, d, ties)
  best <- optim(rep(0, p), function(b) -value(b), method = "BFGS", control = list(reltol = 1e-15))
  best <- optim(best$par, function(b) -value(b), method = "BFGS", control = list(reltol = 1e-15))
  f <- coxph(formula, d, ties = ties, init = best$par, control = coxph.control(iter.max = 0))
  profile <- function(j, b) if (p == 1) value(b) else {
    start <- best$par[-j]; put <- function(o) { all <- numeric(p); all[j] <- b; all[-j] <- o; all }
    -optim(start, function(o) -value(put(o)), method = "BFGS", control = list(reltol = 1e-14))$value
  }
  short <- function(j, b) -best$value - profile(j, b) - qchisq(0.95, 1) / 2
  limit <- function(j, side) { reach <- side * sqrt(f$var[j, j])
    uniroot(function(b) short(j, b), sort(best$par[j] + c(0.3, 9) * reach), tol = 1e-8,
            extendInt = if (side > 0) "upX" else "downX")$root }
  list(coef = best$par, se = unname(sqrt(diag(f$var))), loglik = -best$value,
       statistic = sapply(1:p, function(j) 2 * (-best$value - profile(j, 0))),
       lower = sapply(1:p, limit, side = -1), upper = sapply(1:p, limit, side = 1))
}
silent <- two; silent$event <- as.integer(silent$event & silent$arm == 1)
out$firth <- list(plain = firth(Surv(time, event) ~ arm, two, 1, "breslow"),
                  efron = firth(Surv(time, event) ~ arm + limb, two, 2, "efron"),
                  adjusted = firth(Surv(time, event) ~ arm + limb, two, 2, "breslow"),
                  silent = firth(Surv(time, event) ~ arm, silent, 1, "breslow"))
write_json(out, "cox.json", digits = 12, auto_unbox = TRUE, na = "null")
