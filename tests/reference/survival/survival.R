# Reference figures for time-to-event analyses. Run from this folder: Rscript survival.R
# R 4.2.2, survival 3.5-3. Times are whole months, so ties abound; one is zero.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
set.seed(361373)
n <- 90
arm <- rep(0:2, each = n / 3)
age <- round(rnorm(n, 54, 10)); onset <- sample(c("bulbar", "limb", "limb"), n, TRUE)
time <- rweibull(n, 1.3, 30 * exp(-0.02 * (age - 54) + 0.25 * (arm == 1)))
stop <- runif(n, 6, 60)
event <- as.integer(time <= stop)
time <- floor(pmin(time, stop)); time[7] <- 0
data <- data.frame(arm, age, onset, time, event)
write.csv(data, "survival.csv", row.names = FALSE)

curve <- function(d) {
  fit <- survfit(Surv(time, event) ~ 1, d, conf.type = "log-log")
  reverse <- survfit(Surv(time, 1 - event) ~ 1, d, conf.type = "log-log")
  at <- summary(fit, times = c(6, 12, 24))
  q <- quantile(fit, 0.5)
  r <- summary(fit, rmean = 24)$table
  list(time = fit$time, surv = fit$surv, lower = fit$lower, upper = fit$upper,
       std_err = fit$std.err * fit$surv, n_risk = fit$n.risk, n_censor = fit$n.censor,
       median = unname(q$quantile), median_low = unname(q$lower), median_high = unname(q$upper),
       follow_up = unname(quantile(reverse, 0.5)$quantile),
       landmark = at$surv, landmark_low = at$lower, landmark_high = at$upper,
       landmark_se = at$std.err, rmean = unname(r["rmean"]), rmean_se = unname(r["se(rmean)"]))
}
two <- subset(data, arm < 2)
out <- list(curves = lapply(0:2, function(a) curve(subset(data, arm == a))))
# Survival of exactly one half over a stretch of time: the median is the middle of the stretch.
flat <- function(time, event) list(time = time, event = event, median = unname(
  quantile(survfit(Surv(time, event) ~ 1, conf.type = "log-log"), 0.5)$quantile))
out$flat <- list(flat(c(1, 2, 3, 7, 8, 9), rep(1, 6)), flat(c(1, 2, 3, 5, 7, 8), c(1, 1, 1, 0, 0, 1)),
                 flat(c(1, 2, 3, 4), c(1, 1, 0, 0)))
lr <- survdiff(Surv(time, event) ~ arm, two)
all3 <- survdiff(Surv(time, event) ~ arm, data)
out$log_rank <- list(statistic = lr$chisq, p_value = pchisq(lr$chisq, 1, lower = FALSE),
                     observed = lr$obs, expected = lr$exp,
                     global = all3$chisq, global_p = pchisq(all3$chisq, 2, lower = FALSE))
cox <- function(formula, d) {
  d <<- d  # cox.zph looks the data up again
  fit <- coxph(formula, d, ties = "efron", control = coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 50))
  z <- cox.zph(fit, transform = "km", terms = FALSE)$table
  list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), names = names(coef(fit)),
       p = unname(summary(fit)$coefficients[, "Pr(>|z|)"]), loglik = fit$loglik[2],
       zph = unname(z[, "chisq"]), zph_p = unname(z[, "p"]), zph_df = unname(z[, "df"]))
}
data$a1 <- as.numeric(data$arm == 1); data$a2 <- as.numeric(data$arm == 2)
data$limb <- as.numeric(data$onset == "limb"); two$limb <- as.numeric(two$onset == "limb")
out$cox_plain <- cox(Surv(time, event) ~ arm, two)
out$cox_adjusted <- cox(Surv(time, event) ~ arm + age + limb, two)
out$cox_three <- cox(Surv(time, event) ~ a1 + a2 + age, data)
# survival's own veteran and ovarian trials, as a second opinion on real ties
o <- cox(Surv(futime, fustat) ~ rx + age, ovarian)
out$ovarian <- c(list(time = ovarian$futime, event = ovarian$fustat, rx = ovarian$rx,
                      age = ovarian$age), o)
write_json(out, "survival.json", digits = 14, auto_unbox = TRUE, pretty = TRUE, na = "null")
