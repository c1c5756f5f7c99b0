# Joint rank of survival and function in a made-up trial with gaps, by looking at every pair.
# Run in this folder: Rscript joint_rank.R
library(jsonlite)

set.seed(21678421)
n <- 80
trial <- data.frame(arm = rep(c("placebo", "active"), each = n / 2), base = round(rnorm(n, 36, 5)))
rate <- rnorm(n, -1.1, 0.6) + 0.25 * (trial$arm == "active")
for (v in 1:4) trial[[paste0("v", v)]] <- round(rate * 2 * v + rnorm(n, 0, 1.2))
death <- ceiling(rexp(n, 0.02 * exp(-0.5 * rate)) * 10) / 10
last <- ifelse(runif(n) < 0.25, round(runif(n, 0, 8), 1), 9)    # months
trial$time <- pmin(death, last)
trial$died <- as.integer(death <= last)
for (v in 1:4) {
  gone <- trial$time < 2 * v | runif(n) < 0.06
  trial[[paste0("v", v)]][gone] <- NA
}
write.csv(trial, "joint_rank.csv", row.names = FALSE)

changes <- as.matrix(trial[, paste0("v", 1:4)])
last_seen <- apply(changes, 1, function(x) { x <- x[!is.na(x)]; if (length(x)) tail(x, 1) else NA })
compare <- function(i, j, rule, horizon = 8) {
  t <- pmin(trial$time, horizon); d <- trial$died == 1 & trial$time <= horizon
  if (d[j] && (t[i] > t[j] || (t[i] == t[j] && !d[i]))) return(1)
  if (d[i] && (t[j] > t[i] || (t[i] == t[j] && !d[j]))) return(-1)
  both <- which(!is.na(changes[i, ]) & !is.na(changes[j, ]))
  difference <- switch(rule,
    last_observed = last_seen[i] - last_seen[j],
    at_visit = changes[i, 4] - changes[j, 4],
    last_common = if (length(both)) changes[i, max(both)] - changes[j, max(both)] else NA)
  if (is.na(difference)) 0 else sign(difference)
}
analyse <- function(rule) {
  score <- sapply(1:n, function(i) sum(sapply(1:n, function(j) compare(i, j, rule))))
  arm <- factor(trial$arm, c("placebo", "active"))
  rank <- rank(score)
  row <- summary(lm(rank ~ arm + trial$base))$coefficients["armactive", ]
  list(score = as.integer(score), mean_rank = as.numeric(tapply(rank, arm, mean)),
       estimate = row[[1]], std_error = row[[2]], statistic = row[[3]], p_value = row[[4]],
       wilcoxon_p = wilcox.test(rank ~ arm, exact = FALSE)$p.value)
}
rules <- c("last_observed", "at_visit", "last_common")
write_json(c(list(r = R.version.string), setNames(lapply(rules, analyse), rules)),
           "joint_rank.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
