# Power and sample size from base R, pwr, rpact, lme4, brute force and simulation.
# Run: Rscript closed_forms.R; writes closed_forms.json and lines.csv beside this file in about five minutes.
suppressMessages({library(jsonlite); library(pwr); library(rpact); library(lme4); library(nlme)})
set.seed(20080714)
out <- list()

# Two means: the noncentral t distribution.
means <- expand.grid(n0 = c(5, 20, 64), n1 = c(5, 32, 100), d = c(0, 0.4, -0.9), alpha = c(0.05, 0.01),
                     sides = 1:2)
means$power <- mapply(function(n0, n1, d, alpha, sides)
  pwr.t2n.test(n1 = n1, n2 = n0, d = if (sides == 1) abs(d) else d, sig.level = alpha,
               alternative = if (sides == 2) "two.sided" else "greater")$power,
  means$n0, means$n1, means$d, means$alpha, means$sides)
out$means <- means
needed <- expand.grid(delta = c(1.5, 2, 4), sd = 4, power = c(0.8, 0.9), sides = 1:2)
needed$n <- mapply(function(delta, sd, power, sides)
  power.t.test(delta = delta, sd = sd, power = power, strict = TRUE,
               alternative = if (sides == 2) "two.sided" else "one.sided")$n,
  needed$delta, needed$sd, needed$power, needed$sides)
out$means_needed <- needed
exact <- function(delta, sd, n1, n0, alpha = 0.05) {
  df <- n1 + n0 - 2; ncp <- delta / (sd * sqrt(1 / n1 + 1 / n0)); t <- qt(1 - alpha / 2, df)
  pt(-t, df, ncp) + pt(t, df, ncp, lower.tail = FALSE)
}
found <- data.frame(sd = c(4, 4, 2.87, 5.5), n1 = c(30, 32, 32, 84), n0 = c(30, 27, 27, 86),
                    power = c(0.8, 0.8, 0.9, 0.9))
found$difference <- mapply(function(sd, n1, n0, power)
  uniroot(function(d) exact(d, sd, n1, n0) - power, c(0, 5 * sd), tol = 1e-12)$root,
  found$sd, found$n1, found$n0, found$power)
out$means_found <- found

# Analysis of covariance with k normal covariates: given the covariates t is noncentral t; their
# imbalance is an F variable, integrated out. The t-test of the slope's coefficient by simulation too.
covariance_power <- function(d, rho, n0, n1, k, alpha = 0.05) {
  N <- n0 + n1; df <- N - 2 - k; t <- qt(1 - alpha / 2, df)
  given <- function(f) {
    ncp <- d / sqrt((1 - rho^2) * (1 / n0 + 1 / n1) * (1 + k * f / (N - 1 - k)))
    (pt(t, df, ncp, lower.tail = FALSE) + pt(-t, df, ncp)) * df(f, k, N - 1 - k)
  }
  # The density has a pole at 0 for one covariate: f = g^2.
  integrate(function(g) suppressWarnings(given(g^2)) * 2 * g, 0, Inf, rel.tol = 1e-9)$value
}
cov_cases <- data.frame(d = c(1, 1, 0.6, 0.8, 1.5), rho = c(0, 0.5, 0.7, 0.3, 0.6),
                        n0 = c(6, 10, 30, 12, 5), n1 = c(6, 14, 30, 20, 5), k = c(1, 1, 1, 3, 2))
cov_cases$power <- do.call(mapply, c(FUN = covariance_power, unname(as.list(cov_cases))))
out$ancova <- cov_cases
simulate_covariance <- function(d, rho, n0, n1, trials) {
  arm <- rep(c(0, 1), c(n0, n1)); N <- n0 + n1
  mean(replicate(trials, {
    x <- rnorm(N); y <- rho * x + sqrt(1 - rho^2) * rnorm(N) + d * arm
    fit <- .lm.fit(cbind(1, arm, x), y)
    s2 <- sum(fit$residuals^2) / (N - 3); v <- chol2inv(fit$qr[1:3, 1:3])[2, 2] * s2
    2 * pt(-abs(fit$coefficients[2] / sqrt(v)), N - 3) < 0.05
  }))
}
out$ancova_simulated <- data.frame(d = c(1.5, 0.8), rho = c(0.5, 0.6), n0 = c(6, 15), n1 = c(6, 15),
                                   trials = 40000)
out$ancova_simulated$power <- do.call(mapply, c(FUN = simulate_covariance, unname(as.list(out$ancova_simulated))))

# Welch's test by simulation.
welch <- function(d, sd0, sd1, n0, n1, trials) mean(replicate(trials,
  t.test(rnorm(n1, d, sd1), rnorm(n0, 0, sd0))$p.value < 0.05))
out$welch <- data.frame(d = 2, sd0 = 2, sd1 = 4, n0 = 30, n1 = 40, trials = 20000)
out$welch$power <- do.call(welch, unname(as.list(out$welch)))

# Repeated measures: the variance of generalised least squares, with every patient written out.
S <- matrix(c(4, 2.4, 2.2, 2, 2.4, 5, 3.6, 3.2, 2.2, 3.6, 7, 5, 2, 3.2, 5, 9), 4)
leaves_after <- rep(1:4, c(6, 4, 8, 22))   # 40 patients in an arm: shares seen 1, 0.85, 0.75, 0.55
information <- function(design) Reduce(`+`, lapply(leaves_after, function(j)
  t(design[1:j, , drop = FALSE]) %*% solve(S[1:j, 1:j]) %*% design[1:j, , drop = FALSE]))
at_visits <- solve(information(diag(4)))
times <- c(0, 1, 3, 6)
lines <- solve(information(cbind(1, times)))
out$repeated <- list(covariance = S, n = 40, retention = c(1, 0.85, 0.75, 0.55), times = times,
                     last_visit = sqrt(at_visits[4, 4]), mean = sqrt(sum(at_visits) / 16),
                     slope = sqrt(lines[2, 2]))

# The same model by simulation: nlme's gls with an unstructured covariance, patients who leave by chance.
mmrm_trial <- function(n, delta) {
  patients <- 2 * n; arm <- rep(0:1, n)
  y <- matrix(rnorm(4 * patients), patients) %*% chol(S)
  y[, 4] <- y[, 4] + delta * arm
  last <- sample(1:4, patients, TRUE, prob = c(6, 4, 8, 22))
  d <- data.frame(id = rep(seq_len(patients), 4), visit = rep(1:4, each = patients), arm = rep(arm, 4),
                  y = as.vector(y))
  d <- d[d$visit <= last[d$id], ]; d <- d[order(d$id, d$visit), ]; d$v <- factor(d$visit)
  fit <- try(gls(y ~ v + v:arm - 1, d, correlation = corSymm(form = ~ visit | id),
                 weights = varIdent(form = ~ 1 | v)), silent = TRUE)
  if (inherits(fit, "try-error")) return(NA)
  t <- summary(fit)$tTable["v4:arm", ]
  abs(t["Value"] / t["Std.Error"]) > qt(0.975, patients - 2)
}
hits <- replicate(400, mmrm_trial(80, 1.6))
out$mmrm_simulated <- list(n = 80, delta = 1.6, trials = sum(!is.na(hits)), power = mean(hits, na.rm = TRUE))

# Random lines: variance components by REML.
n <- 40; id <- rep(seq_len(n), each = 5); t <- rep(c(0, 1, 2, 4, 6), n); arm <- rep(rep(0:1, n / 2), each = 5)
b <- matrix(rnorm(2 * n), n) %*% chol(matrix(c(9, -0.6, -0.6, 0.5), 2))
lines_data <- data.frame(id, t, arm, y = round(30 + b[id, 1] + (b[id, 2] - 1 + 0.4 * arm) * t + rnorm(5 * n), 3))
lines_data <- lines_data[-sample(which(t > 1), 25), ]
fit <- lmer(y ~ factor(arm) * t + (t | id), lines_data, control = lmerControl(optimizer = "bobyqa",
            optCtrl = list(rhoend = 1e-10)))
vc <- as.data.frame(VarCorr(fit))
out$lines <- list(intercept = vc$sdcor[1], slope = vc$sdcor[2], correlation = vc$sdcor[3], residual = vc$sdcor[4])
write.csv(lines_data, "lines.csv", row.names = FALSE)

# Shares: normal tests.
shares <- data.frame(p0 = c(0.2, 0.2, 0.5, 0.05), p1 = c(0.4, 0.1, 0.6, 0.15), n = c(50, 120, 300, 80))
shares$two <- mapply(function(p0, p1, n) power.prop.test(n, p0, p1, strict = TRUE)$power, shares$p0, shares$p1, shares$n)
shares$one <- mapply(function(p0, p1, n) power.prop.test(n, p0, p1, alternative = "one.sided")$power,
                     shares$p0, shares$p1, shares$n)
shares$needed <- mapply(function(p0, p1) power.prop.test(NULL, p0, p1, power = 0.9)$n, shares$p0, shares$p1)
out$shares <- shares
unequal <- data.frame(p0 = c(0.2, 0.5), p1 = c(0.45, 0.3), ratio = c(2, 0.5))
unequal$total <- mapply(function(p0, p1, ratio) getSampleSizeRates(alpha = 0.025, sided = 1, beta = 0.2, pi1 = p1,
  pi2 = p0, allocationRatioPlanned = ratio)$numberOfSubjects[1], unequal$p0, unequal$p1, unequal$ratio)
out$shares_unequal <- unequal

# Fisher's test: every table, one by one.
p_of <- function(n1, n0, alternative) outer(0:n1, 0:n0, Vectorize(function(a, b)
  fisher.test(matrix(c(a, n1 - a, b, n0 - b), 2), alternative = alternative)$p.value))
fisher_power <- function(p0, p1, n0, n1, sides, alpha = 0.05) {
  p <- p_of(n1, n0, if (sides == 2) "two.sided" else if (p1 > p0) "greater" else "less")
  sum(outer(dbinom(0:n1, n1, p1), dbinom(0:n0, n0, p0)) * (p <= alpha))
}
fisher <- data.frame(p0 = c(0.2, 0.2, 0.5, 0.1, 0.6), p1 = c(0.6, 0.6, 0.2, 0.1, 0.25), n0 = c(15, 15, 20, 25, 12),
                     n1 = c(15, 22, 20, 25, 30), sides = c(2, 2, 2, 2, 1))
fisher$power <- do.call(mapply, c(FUN = fisher_power, unname(as.list(fisher))))
out$fisher <- fisher
first <- function(p0, p1, power) { n <- 2; while (fisher_power(p0, p1, n, n, 2) < power) n <- n + 1; n }
out$fisher_needed <- data.frame(p0 = c(0.2, 0.05), p1 = c(0.7, 0.5), power = c(0.8, 0.85))
out$fisher_needed$n <- do.call(mapply, c(FUN = first, unname(as.list(out$fisher_needed))))

# Times to an event: Schoenfeld's formula with exponential events, losses and even accrual.
survival <- expand.grid(ratio = c(0.6, 0.75, 1.5), allocation = c(1, 2), loss = c(0, 0.01))
survival <- cbind(survival, do.call(rbind, mapply(function(ratio, allocation, loss) {
  s <- getSampleSizeSurvival(alpha = 0.025, sided = 1, beta = 0.1, typeOfComputation = "Schoenfeld",
    lambda2 = 0.04, hazardRatio = ratio, accrualTime = c(0, 18), followUpTime = 12,
    allocationRatioPlanned = allocation, dropoutRate1 = 1 - exp(-12 * loss), dropoutRate2 = 1 - exp(-12 * loss),
    dropoutTime = 12)
  data.frame(events = s$eventsFixed[1], patients = s$nFixed[1])
}, survival$ratio, survival$allocation, survival$loss, SIMPLIFY = FALSE)))
out$survival <- survival
share <- function(hazard, loss, accrual, follow) integrate(function(entry) sapply(entry, function(e)
  integrate(function(s) hazard * exp(-(hazard + loss) * s), 0, accrual + follow - e, rel.tol = 1e-10)$value),
  0, accrual, rel.tol = 1e-10)$value / accrual
out$event_share <- data.frame(hazard = c(0.03, 0.2), loss = c(0.01, 0), accrual = c(18, 5), follow = c(12, 0))
out$event_share$share <- do.call(mapply, c(FUN = share, unname(as.list(out$event_share))))

out$meta <- list(R = R.version.string, pwr = as.character(packageVersion("pwr")),
                 rpact = as.character(packageVersion("rpact")), lme4 = as.character(packageVersion("lme4")),
                 nlme = as.character(packageVersion("nlme")))
write_json(out, "closed_forms.json", digits = 12, auto_unbox = TRUE, pretty = TRUE)
