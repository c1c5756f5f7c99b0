# Random intercept and slope by REML with Kenward and Roger's errors and degrees of freedom, for the
# trials of scores.csv. pbkrtest takes the expected information on the variances; the observed one,
# as in SAS and R's mmrm, is written out here, and the same lines with the expected one are held to
# pbkrtest before anything is written.
suppressPackageStartupMessages({
  library(lme4)
  library(pbkrtest)
})
scores <- read.csv("scores.csv")
scores$arm <- factor(scores$arm, levels = c("Control", "Low", "High"))
tight <- lmerControl(
  optimizer = "bobyqa",
  optCtrl = list(rhobeg = 0.01, rhoend = 1e-12, maxfun = 1e5),
  check.conv.singular = "ignore"
)
trace <- function(m) sum(diag(m))

kenward_roger <- function(fit, own, pick, information) {
  own <- own[!is.na(own$y), ]
  x <- getME(fit, "X")
  same <- outer(own$patient, own$patient, "==")
  first <- list(
    same * 1.0,
    same * outer(own$t, own$t, "+"),
    same * outer(own$t, own$t),
    diag(nrow(own))
  )
  parts <- as.data.frame(VarCorr(fit))$vcov # intercept, slope, covariance, residual
  sigma <- Reduce(`+`, Map(`*`, first, parts[c(1, 3, 2, 4)]))
  inverse <- solve(sigma)
  phi <- solve(t(x) %*% inverse %*% x)
  projection <- inverse - inverse %*% x %*% phi %*% t(x) %*% inverse
  scored <- projection %*% own$y
  k <- length(first)
  expected <- observed <- matrix(0, k, k)
  for (i in 1:k) for (j in 1:k) {
    both <- projection %*% first[[i]] %*% projection %*% first[[j]]
    expected[i, j] <- trace(both) / 2
    observed[i, j] <- -trace(both) / 2 +
      drop(t(scored) %*% first[[i]] %*% projection %*% first[[j]] %*% scored)
  }
  weight <- solve(if (information == "expected") expected else observed)
  tilt <- lapply(first, function(v) -t(x) %*% inverse %*% v %*% inverse %*% x)
  inner <- 0
  for (i in 1:k) for (j in 1:k) {
    q <- t(x) %*% inverse %*% first[[i]] %*% inverse %*% first[[j]] %*% inverse %*% x
    inner <- inner + weight[i, j] * (q - tilt[[i]] %*% phi %*% tilt[[j]])
  }
  adjusted <- phi + 2 * phi %*% inner %*% phi
  slopes <- sapply(tilt, function(p) drop(pick %*% phi %*% p %*% phi %*% pick))
  plain <- drop(pick %*% phi %*% pick)
  c(sqrt(drop(pick %*% adjusted %*% pick)), 2 * plain^2 / drop(slopes %*% weight %*% slopes))
}

rows <- list()
for (trial in unique(scores$trial)) {
  own <- scores[scores$trial == trial, ]
  fit <- lmer(y ~ t * arm + (t | patient), own, control = tight)
  for (again in 1:5) fit <- update(fit, start = getME(fit, "theta"))
  theirs <- as.matrix(vcovAdj(fit))
  for (term in c("t:armLow", "t:armHigh")) {
    pick <- as.numeric(names(fixef(fit)) == term)
    held <- kenward_roger(fit, own, pick, "expected")
    stopifnot(all.equal(
      held, c(sqrt(drop(pick %*% theirs %*% pick)), get_Lb_ddf(fit, pick)), tolerance = 1e-6
    ))
    found <- kenward_roger(fit, own, pick, "observed")
    rows[[length(rows) + 1]] <- data.frame(
      trial = trial,
      arm = sub("t:arm", "", term),
      estimate = fixef(fit)[[term]],
      std_error = found[1],
      df = found[2]
    )
  }
}
table <- do.call(rbind, rows)
numbers <- sapply(table, is.numeric)
table[numbers] <- lapply(table[numbers], format, digits = 12, trim = TRUE)
write.csv(table, "random_slopes.csv", row.names = FALSE, quote = FALSE)
