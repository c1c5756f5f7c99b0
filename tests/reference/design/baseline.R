# Standardised differences and slopes from base R.
# Run: Rscript baseline.R; writes patients.csv, differences.csv, slopes.csv beside this file.
set.seed(335)
n <- 90
patients <- data.frame(
  id = seq_len(n), arm = rep(c(0, 1), c(42, 48)),
  age = round(rnorm(n, 60, 9), 1),
  sex = sample(c("F", "M"), n, TRUE),
  site = sample(c("arm", "leg", "speech", "breath"), n, TRUE, c(4, 3, 2, 1)))
patients$age[c(5, 60)] <- NA
one <- patients[patients$arm == 1, ]; zero <- patients[patients$arm == 0, ]

numeric <- function(a, b) (mean(a, na.rm = TRUE) - mean(b, na.rm = TRUE)) /
  sqrt((var(a, na.rm = TRUE) + var(b, na.rm = TRUE)) / 2)

# The Mahalanobis distance of the shares, with the covariance of the categories' indicators
# taken from the patients themselves (divisor n).
categories <- function(a, b, drop) {
  levels <- setdiff(sort(unique(c(a, b))), drop)
  ind <- function(v) sapply(levels, function(l) as.numeric(v == l))
  A <- ind(a); B <- ind(b)
  S <- (cov.wt(A, method = "ML")$cov + cov.wt(B, method = "ML")$cov) / 2
  sqrt(mahalanobis(colMeans(A), colMeans(B), S))
}
d <- numeric(one$age, zero$age)
n1 <- sum(!is.na(one$age)); n0 <- sum(!is.na(zero$age))
se <- sqrt((n1 + n0) / (n1 * n0) + d^2 / (2 * (n1 + n0)))
p1 <- mean(one$sex == "F"); p0 <- mean(zero$sex == "F")
out <- data.frame(
  what = c("age", "sex", "site", "site_other_level_left_out"),
  estimate = c(d, (p1 - p0) / sqrt((p1 * (1 - p1) + p0 * (1 - p0)) / 2),
               categories(one$site, zero$site, "arm"), categories(one$site, zero$site, "speech")),
  std_error = c(se, NA, NA, NA))
write.csv(patients, "patients.csv", row.names = FALSE)
write.csv(out, "differences.csv", row.names = FALSE)
summarised <- function(group, age) {
  q <- quantile(age, c(0.25, 0.5, 0.75), na.rm = TRUE)
  data.frame(group = group, n = sum(!is.na(age)), missing = sum(is.na(age)), mean = mean(age, na.rm = TRUE),
             sd = sd(age, na.rm = TRUE), q1 = q[1], median = q[2], q3 = q[3])
}
write.csv(rbind(summarised("control", zero$age), summarised("overall", patients$age)),
          "summary.csv", row.names = FALSE)

visits <- data.frame(USUBJID = rep(c("A", "B", "C", "D"), c(4, 3, 2, 1)),
                     AVISITN = c(-3, -2, -1, 0, -3, -1, 0, -2, 0, 0),
                     AVAL = c(40, 39, 39, 36, 30, 31, 28, 45, 41, 38))
slope <- sapply(split(visits, visits$USUBJID), function(v) unname(coef(lm(AVAL ~ AVISITN, v))[2]))
write.csv(visits, "visits.csv", row.names = FALSE)
write.csv(data.frame(USUBJID = names(slope), slope = slope), "slopes.csv", row.names = FALSE)
