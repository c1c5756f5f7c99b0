# Reference figures for the joint model. Run from this folder: Rscript joint.R (about a minute)
# R 4.2.2 with nlme 3.1-162, survival 3.5-3.
suppressPackageStartupMessages({library(nlme); library(survival); library(jsonlite)})
set.seed(20120104)
n <- 60; arm <- rep(0:1, n / 2); age <- round(rnorm(n, 60, 9))
b0 <- rnorm(n, 0, 4); b1 <- 0.02 * b0 + rnorm(n, 0, 0.6)
time <- rweibull(n, 1.4, 16) * exp(1.1 * b1 / 1.4 - 0.01 * (age - 60))
stop <- runif(n, 6, 20); event <- as.integer(time <= stop); time <- round(pmin(time, stop), 3)
visits <- c(0, 1, 2, 3, 4, 6, 8, 10, 12, 15, 18)
patients <- data.frame(subject = 1:n, arm, age, time, event)
scores <- do.call(rbind, lapply(1:n, function(i) { t <- visits[visits <= time[i]]
  data.frame(subject = i, time = t, value = round(36 + 0.05 * (age[i] - 60) + b0[i] +
    (-1.2 + 0.3 * arm[i] + b1[i]) * t + rnorm(length(t), 0, 1.5), 3)) }))
write.csv(patients, "joint_patients.csv", row.names = FALSE)
write.csv(scores, "joint_scores.csv", row.names = FALSE)
middle <- mean(age)
d <- merge(scores, patients[c("subject", "arm", "age")]); d <- d[order(d$subject, d$time), ]
d$age <- d$age - middle; patients$age <- patients$age - middle

f <- lme(value ~ age + time + time:arm, d, ~ time | subject, method = "ML",
         control = lmeControl(opt = "optim", msMaxIter = 500, reltol = 1e-14, returnObject = TRUE))
v <- getVarCov(f); w <- survreg(Surv(time, event) ~ arm + age, patients, dist = "weibull")
out <- list(lme = list(coef = unname(fixef(f)), se = unname(sqrt(diag(vcov(f)) * (f$dims$N - 4) / f$dims$N)),
                       residual = f$sigma, level = sqrt(v[1, 1]), slope = sqrt(v[2, 2]),
                       correlation = v[1, 2] / sqrt(v[1, 1] * v[2, 2]), loglik = as.numeric(logLik(f)),
                       slopes = unname(ranef(f)[order(as.numeric(rownames(ranef(f)))), "time"])),
            weibull = list(coef = unname(-coef(w)[-1] / w$scale), loglik = w$loglik[2]))

# The joint likelihood, written out: the level is integrated in closed form given the slope's
# deviation, the slope's deviation by a fine sum.
z <- seq(-6.5, 6.5, length.out = 521); hz <- z[2] - z[1]
by <- split(d, d$subject)
minus <- function(p) {
  sd1 <- exp(p[8]); r <- tanh(p[9]); sd0 <- exp(p[7]); s <- exp(p[6]); k <- exp(p[11])
  u <- sd1 * z; left <- sd0^2 * (1 - r^2); total <- 0
  for (i in 1:n) {
    e <- by[[i]]; m <- nrow(e)
    mean <- (p[1] + p[2] * e$age + (p[3] + p[4] * e$arm) * e$time)
    res <- (e$value - mean) - outer(e$time, u) - rep(r * sd0 / sd1 * u, each = m)
    q <- (colSums(res^2) - left / (s^2 + m * left) * colSums(res)^2) / s^2
    ly <- -0.5 * (m * log(2 * pi) + (m - 1) * log(s^2) + log(s^2 + m * left) + q)
    line <- p[5] * patients$arm[i] + p[12] * patients$age[i] + p[13] * u
    t <- patients$time[i]
    lt <- patients$event[i] * (p[10] + p[11] + (k - 1) * log(t) + line) - t^k * exp(p[10] + line)
    g <- ly + lt + dnorm(z, log = TRUE); top <- max(g)
    total <- total + top + log(sum(exp(g - top)) * hz)
  }
  -total
}
start <- c(fixef(f), 0, log(f$sigma), log(sqrt(v[1, 1])), log(sqrt(v[2, 2])), 0,
           -4, 0.3, 0, -0.5)
b <- optim(start, minus, method = "BFGS", control = list(reltol = 1e-15, maxit = 500,
           ndeps = rep(1e-5, 13), parscale = c(1, .1, .3, .3, .5, .1, .1, .1, .2, .5, .2, .03, .5)))
H <- optimHess(b$par, minus, control = list(ndeps = rep(1e-4, 13)))
se <- sqrt(diag(solve(H)))
out$joint <- list(loglik = -b$value, coef = b$par, se = se)
write_json(out, "joint.json", digits = 12, auto_unbox = TRUE)
