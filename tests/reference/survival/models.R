# Reference figures for models beside Cox's, and for competing events. Run from this folder after
# survival.R: Rscript models.R
# R 4.2.2 with survival 3.5-3, cmprsk 2.2-11.
suppressPackageStartupMessages({library(survival); library(cmprsk); library(splines); library(jsonlite)})
data <- read.csv("survival.csv")
data$limb <- as.numeric(data$onset == "limb")
two <- subset(data, arm < 2 & time > 0)
tight <- coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 50)
out <- list()

# A step: two strata of time. A line in log time: the time-transform of coxph.
split <- survSplit(Surv(time, event) ~ arm + age, two, cut = 15, episode = "period")
split$before <- split$arm * (split$period == 1); split$after <- split$arm * (split$period == 2)
step <- coxph(Surv(tstart, time, event) ~ before + after + age, split, control = tight)
out$step <- list(coef = unname(coef(step)), se = unname(sqrt(diag(vcov(step)))),
                 change = unname(coef(step)[2] - coef(step)[1]),
                 change_se = sqrt(sum(vcov(step)[1:2, 1:2] * matrix(c(1, -1, -1, 1), 2))))
for (ties in c("efron", "breslow")) {
  line <- coxph(Surv(time, event) ~ arm + age + tt(arm), two, ties = ties, control = tight,
                tt = function(x, t, ...) x * log(t))
  out[[paste0("line_", ties)]] <- list(coef = unname(coef(line)), vcov = unname(vcov(line)),
                                       loglik = line$loglik[2])
}

# Piecewise exponential: Poisson regression on the split data.
cuts <- c(6, 12, 24)
pieces <- survSplit(Surv(time, event) ~ arm + age, two, cut = cuts, episode = "piece")
poisson <- glm(event ~ factor(piece) - 1 + arm + age + offset(log(time - tstart)), "poisson", pieces,
               control = glm.control(epsilon = 1e-14, maxit = 100))
b <- coef(poisson); s <- sqrt(diag(vcov(poisson)))
out$piecewise <- list(cuts = cuts, coef = unname(b[5:6]), se = unname(s[5:6]),
  hazard = unname(exp(b[1:4])), lower = unname(exp(b - qnorm(0.975) * s)[1:4]),
  events = as.numeric(tapply(pieces$event, pieces$piece, sum)),
  time = as.numeric(tapply(pieces$time - pieces$tstart, pieces$piece, sum)))

# Flexible parametric model: R's natural spline basis and a general optimiser; df 1 is survreg.
spline <- function(df, changing) {
  d <- two; l <- log(d$time); e <- d$event == 1
  k <- quantile(l[e], seq(0, 1, length.out = df + 1)); inner <- k[-c(1, df + 1)]
  basis <- function(x) cbind(1, ns(x, knots = inner, Boundary.knots = range(k)))
  B <- basis(l); h <- 1e-5; D <- (basis(l + h) - basis(l - h)) / (2 * h)
  X <- cbind(d$arm, d$age - mean(d$age)); q <- ncol(B)
  Z <- cbind(B, X); S <- cbind(D, X * 0)
  if (changing) { Z <- cbind(Z, d$arm * l); S <- cbind(S, d$arm) }
  minus <- function(p) { s <- S %*% p; if (min(s[e]) <= 0) return(1e10)
    n <- Z %*% p; -sum(log(s[e]) + n[e] - l[e]) + sum(exp(n)) }
  slope <- function(p) { s <- as.vector(S %*% p); n <- as.vector(exp(Z %*% p))
    -colSums(S[e, ] / s[e] + Z[e, ]) + colSums(Z * n) }
  start <- c(lm.fit(B, log(-log(0.98 - 0.9 * rank(l) / length(l) * 0.98)))$coef, rep(0, ncol(Z) - q))
  f <- optim(start, minus, slope, method = "BFGS", control = list(reltol = 1e-16, maxit = 2000))
  f <- optim(f$par, minus, slope, method = "BFGS", control = list(reltol = 1e-16, maxit = 2000))
  H <- optimHess(f$par, minus, slope, control = list(ndeps = rep(1e-4, length(f$par))))
  keep <- (q + 1):ncol(Z)
  list(coef = f$par[keep], se = sqrt(diag(solve(H)))[keep], loglik = -f$value)
}
out$spline <- list(df1 = spline(1, FALSE), df3 = spline(3, FALSE), changing = spline(2, TRUE))
w <- survreg(Surv(time, event) ~ arm + age, two, dist = "weibull", control = survreg.control(rel.tolerance = 1e-13))
at <- data.frame(arm = 1, age = 60)
out$weibull <- list(coef = unname(-coef(w)[-1] / w$scale), loglik = w$loglik[2],
  times = c(6, 12, 24), survival = 1 - psurvreg(c(6, 12, 24), predict(w, at, type = "lp"), w$scale))

# Competing events: some of the events are of another cause.
data$kind <- ifelse(data$event == 1, 1 + (seq_len(nrow(data)) * 7) %% 3 %% 2, 0)
out$kind <- data$kind
gray <- function(d, terms, cause) { f <- crr(d$time, d$kind, as.matrix(d[terms]), failcode = cause,
    cencode = 0, gtol = 1e-12, maxiter = 50)
  list(coef = unname(f$coef), se = unname(sqrt(diag(f$var))), loglik = c(f$loglik.null, f$loglik)) }
out$fine_gray <- list(one = gray(data, c("arm", "age"), 1), two = gray(data, c("arm", "age", "limb"), 2))
f <- coxph(Surv(time, kind == 1) ~ arm + age, data, control = tight)
out$cause_specific <- list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))))
# Mean times lost; their errors by the infinitesimal jackknife, moving each patient's weight a little.
lost <- function(w) { d <- data; d$w <- w
  summary(survfit(Surv(time, factor(kind, 0:2)) ~ 1, d, weights = w), rmean = 24)$table[, "rmean"] }
n <- nrow(data); h <- 1e-4
slopes <- sapply(seq_len(n), function(i) { u <- rep(1, n); v <- u; u[i] <- 1 + h; v[i] <- 1 - h
  (lost(u) - lost(v)) / (2 * h) })
out$lost <- list(mean = unname(lost(rep(1, n))), se = unname(sqrt(rowSums(slopes^2))))
write_json(out, "models.json", digits = 12, auto_unbox = TRUE, na = "null")
