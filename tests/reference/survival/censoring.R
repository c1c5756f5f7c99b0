# Reference figures for a Weibull curve. Run from this folder after survival.R: Rscript censoring.R
# R 4.2.2 with survival 3.5-3.
suppressPackageStartupMessages({library(survival); library(jsonlite)})
two <- subset(read.csv("survival.csv"), arm < 2 & time > 0)
w <- survreg(Surv(time, event) ~ 1, two, dist = "weibull",
             control = survreg.control(rel.tolerance = 1e-13))
# Log cumulative hazard at time 1 is -mu / sigma, log shape -log(sigma).
mu <- unname(coef(w)); s <- w$scale
turn <- rbind(c(-1 / s, mu / s), c(0, -1))
write_json(list(theta = c(-mu / s, -log(s)), covariance = turn %*% w$var %*% t(turn)),
           "censoring.json", digits = 12, auto_unbox = TRUE)
