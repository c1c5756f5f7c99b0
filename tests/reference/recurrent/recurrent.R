# Mean cumulative numbers of events: survival's survfit with robust errors where nobody dies; with
# deaths, the estimator written out with case weights and its error from numerical derivatives in
# them (the infinitesimal jackknife).
# Run: Rscript recurrent.R  (needs survival); writes patients.csv, events.csv, means.csv beside it.
suppressMessages(library(survival))
set.seed(20120104)
n <- 40
patients <- data.frame(subject = sprintf("P%02d", 1:n), end = round(runif(n, 3, 30)), died = rbinom(n, 1, 0.35) == 1)
rate <- rgamma(n, 0.9, 0.9) * 0.15
events <- do.call(rbind, lapply(seq_len(n), function(i) {
  k <- rpois(1, rate[i] * patients$end[i])
  if (k) data.frame(subject = patients$subject[i], day = pmax(1, round(runif(k, 0.5, patients$end[i])))) else NULL
}))
write.csv(patients, "patients.csv", row.names = FALSE); write.csv(events, "events.csv", row.names = FALSE)

grid <- sort(unique(events$day))
mean_of <- function(w, died) {
  counted <- table(factor(events$subject, patients$subject), factor(events$day, grid))
  ends <- sort(unique(patients$end)); m <- numeric(length(grid)); total <- 0
  for (j in seq_along(grid)) {
    u <- grid[j]; alive <- 1
    for (v in ends[ends < u]) {
      y <- sum(w[patients$end >= v]); d <- sum(w[patients$end == v & died])
      alive <- alive * (1 - d / y)
    }
    total <- total + alive * sum(w * counted[, j]) / sum(w[patients$end >= u]); m[j] <- total
  }
  m
}
jackknife <- function(died) {
  w <- rep(1, n); h <- 1e-5
  d <- sapply(seq_len(n), function(i) {
    up <- w; up[i] <- 1 + h; down <- w; down[i] <- 1 - h
    (mean_of(up, died) - mean_of(down, died)) / (2 * h)
  })
  sqrt(rowSums(d^2))
}
# Counting-process rows: one interval to each event and one to the end. Events of one patient on one
# day, and on the last, are told apart by a little time too small to change the order of days.
eps <- 1e-4
rows <- do.call(rbind, lapply(seq_len(n), function(i) {
  t <- sort(events$day[events$subject == patients$subject[i]])
  t <- t + eps * (ave(t, t, FUN = seq_along) - 1)
  stop <- c(t, patients$end[i] + 0.02)
  data.frame(subject = patients$subject[i], start = c(0, t), stop, event = c(rep(1, length(t)), 0))
}))
fit <- survfit(Surv(start, stop, event) ~ 1, data = rows, id = subject, cluster = subject, timefix = FALSE)
at <- sapply(grid, function(u) max(which(fit$time <= u + 1e-2)))
means <- data.frame(time = grid,
                    nelson = mean_of(rep(1, n), rep(FALSE, n)), nelson_error = jackknife(rep(FALSE, n)),
                    survfit = fit$cumhaz[at], survfit_error = fit$std.chaz[at],
                    ghosh = mean_of(rep(1, n), patients$died), ghosh_error = jackknife(patients$died))
write.csv(format(means, digits = 14), "means.csv", row.names = FALSE, quote = FALSE)
