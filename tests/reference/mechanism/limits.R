# Reference figures for interval censoring, flipped Kaplan-Meier, rank tests and shifts.
# Run from this folder after mechanism.R: Rscript limits.R ; R 4.2.2, survival 3.5-3, coin 1.4-2,
# exactRankTests 0.8-35.
suppressPackageStartupMessages({library(survival); library(coin); library(exactRankTests); library(jsonlite)})
data <- read.csv("censored.csv")
y <- data$exact
tight <- survreg.control(rel.tolerance = 1e-13, maxiter = 200)

# Below a limit, between the limits of detection and of quantification, above the largest readable.
low <- ifelse(y < 0.4, NA, ifelse(y < 0.8, 0.4, ifelse(y > 1.6, 1.6, y)))
high <- ifelse(y < 0.4, 0.4, ifelse(y < 0.8, 0.8, ifelse(y > 1.6, NA, y)))
interval <- survreg(Surv(low, high, type = "interval2") ~ base + arm, data, dist = "gaussian", control = tight)
out <- list(interval = list(low = low, high = high, coefficients = unname(coef(interval)),
                            covariance = unname(vcov(interval)[1:3, 1:3]), sigma = interval$scale,
                            log_likelihood = interval$loglik[2]))

# Lognormal: the ratio of geometric means is that of exp(value).
tobit <- survreg(Surv(exp(value), !below, type = "left") ~ arm + base, data, dist = "lognormal", control = tight)
out$lognormal <- list(log_ratio = unname(coef(tobit)[2]), std_error = sqrt(vcov(tobit)[2, 2]))

# Flipped: 5 less the value is a time; a value below its limit is a time that had not come to an end.
time <- 5 - data$value; event <- data$below == 0
fit <- survfit(Surv(time, event) ~ 1, conf.type = "log-log")
q <- quantile(fit, c(0.25, 0.5))
mean <- summary(fit, rmean = 5 - min(data$value))$table
out$flipped <- list(upper_quartile = 5 - unname(c(q$quantile[1], q$upper[1], q$lower[1])),
                    median = 5 - unname(c(q$quantile[2], q$upper[2], q$lower[2])),
                    mean = 5 - unname(mean["rmean"]), mean_std_error = unname(mean["se(rmean)"]),
                    value = rev(5 - fit$time), share_below = rev(fit$surv))
z <- function(rho) {
  d <- survdiff(Surv(time, event) ~ arm, data, rho = rho)
  sign(d$obs[2] - d$exp[2]) * sqrt(d$chisq)
}
out$generalised <- list(peto = z(1), logrank = z(0))

# Everything below the highest limit tied.
tied <- ifelse(data$value <= 0.8, 0, data$value)
t <- tied[data$arm == 1]; c <- tied[data$arm == 0]
out$at_limit <- list(p_value = wilcox.test(t, c, exact = FALSE, correct = FALSE)$p.value)

# Shifts: without ties exact and asymptotic; with ties the exact p given the ties.
x <- y[data$arm == 1][1:17]; w <- y[data$arm == 0][1:21]
exact <- wilcox.test(x, w, conf.int = TRUE, exact = TRUE)
asymptotic <- wilcox.test(x, w, conf.int = TRUE, exact = FALSE, correct = TRUE)
x1 <- round(x, 1); w1 <- round(w, 1)
ties <- wilcox.test(x1, w1, conf.int = TRUE, exact = FALSE, correct = TRUE)
n <- length(x1); r <- rank(c(x1, w1))
less <- pperm(sum(r[1:n]), r, n, alternative = "less"); more <- pperm(sum(r[1:n]), r, n, alternative = "greater")
out$shift <- list(x = x, y = w,
  exact = list(estimate = unname(exact$estimate), conf = as.numeric(exact$conf.int), w = unname(exact$statistic),
               p = exact$p.value, level = attr(exact$conf.int, "conf.level")),
  asymptotic = list(conf = as.numeric(asymptotic$conf.int), p = asymptotic$p.value),
  ties = list(conf = as.numeric(ties$conf.int), p = ties$p.value, w = unname(ties$statistic),
              p_exact = min(1, 2 * min(less, more))))

# Van Elteren's test, as coin's manual writes it.
stratum <- rep(c("a", "b", "c"), length.out = nrow(data)); stratum[1:7] <- "d"
long <- data.frame(y = round(y, 1), arm = factor(data$arm, levels = c(1, 0)), stratum = factor(stratum))
ve <- independence_test(y ~ arm | stratum, long, ytrafo = function(data)
  trafo(data, numeric_trafo = function(y) rank_trafo(y) / (length(y) + 1), block = long$stratum))
out$van_elteren <- list(stratum = stratum, statistic = as.numeric(statistic(ve, "standardized")), p = as.numeric(pvalue(ve)))
write_json(out, "limits.json", digits = 14, auto_unbox = TRUE, pretty = TRUE, na = "null")
