# Cumulative incidence (survival's survfit with infinitesimal jackknife errors; cmprsk's cuminc) and
# Gray's test (cmprsk). Run: Rscript competing.R  (needs survival and cmprsk); writes patients.csv,
# curves.csv, gray.csv beside this file.
suppressMessages({library(survival); library(cmprsk)})
set.seed(20120104)
n <- 120
group <- rep(c("control", "high", "low"), length.out = n)
rate <- c(control = 0.010, high = 0.018, low = 0.012)[group]
first <- rexp(n, rate); death <- rexp(n, 0.006); last <- runif(n, 10, 180)
event <- ifelse(first < pmin(death, last), 1, ifelse(death < last, 2, 0))
exact <- round(pmin(first, death, last), 4)
patients <- data.frame(group, stratum = rep(c("a", "b"), each = n / 2), exact, tied = ceiling(exact / 15), event)
# A group in which everybody has an event by the end, and one of whom nobody has the event counted.
small <- data.frame(group = rep(c("all", "none"), c(7, 6)), stratum = "a",
                    exact = c(1, 2, 2, 3, 5, 5, 8, 1, 2, 4, 4, 6, 9), tied = c(1, 2, 2, 3, 5, 5, 8, 1, 2, 4, 4, 6, 9),
                    event = c(1, 2, 1, 1, 1, 2, 1, 0, 2, 2, 0, 0, 0))
all <- rbind(patients, small)
write.csv(all, "patients.csv", row.names = FALSE)

curves <- list()
for (g in unique(all$group)) for (scale in c("exact", "tied")) {
  d <- all[all$group == g, ]; t <- d[[scale]]
  f <- survfit(Surv(t, factor(d$event, 0:2)) ~ 1, conf.type = "log-log")
  s <- f$pstate; se <- f$std.err
  # cuminc needs an event of the kind; where there is none its curve is flat.
  cmp <- if (any(d$event == 1)) timepoints(cuminc(t, d$event), f$time) else NULL
  one <- if (is.null(cmp)) list(est = rep(0, length(f$time)), var = rep(0, length(f$time))) else
    list(est = cmp$est[grep(" 1$", rownames(cmp$est)), ], var = cmp$var[grep(" 1$", rownames(cmp$var)), ])
  curves[[length(curves) + 1]] <- data.frame(group = g, scale, time = f$time, estimate = s[, 2], std_error = se[, 2],
    conf_low = f$lower[, 2], conf_high = f$upper[, 2], other = s[, 3], at_risk = f$n.risk[, 1],
    cmprsk = one$est, cmprsk_error = sqrt(one$var))
}
write.csv(format(do.call(rbind, curves), digits = 14), "curves.csv", row.names = FALSE, quote = FALSE)

tests <- list()
add <- function(name, d, scale, cause, strata) {
  fit <- if (strata) cuminc(d[[scale]], d$event, d$group, d$stratum) else cuminc(d[[scale]], d$event, d$group)
  row <- fit$Tests[as.character(cause), ]
  tests[[length(tests) + 1]] <<- data.frame(name, scale, cause, strata, statistic = row[["stat"]], p_value = row[["pv"]], df = row[["df"]])
}
pair <- patients[patients$group != "low", ]
for (scale in c("exact", "tied")) for (cause in 1:2) for (strata in c(FALSE, TRUE)) {
  add("three", patients, scale, cause, strata)
  add("pair", pair, scale, cause, strata)
}
add("small", small, "tied", 1, FALSE)
add("small", small, "tied", 2, FALSE)
write.csv(format(do.call(rbind, tests), digits = 14), "gray.csv", row.names = FALSE, quote = FALSE)
