# Hedges' g of pairs of small groups, by metafor: Rscript hedges.R, in this folder.
suppressPackageStartupMessages({ library(metafor); library(jsonlite) })
pairs <- list(list(treated = c(1, 2, 3, 4), control = c(2, 4, 6)),
              list(treated = c(1, 2), control = c(4, 6)),
              list(treated = c(12.5, 9, 14.25, 7, 11), control = c(3, 8.5, 1, 6, 2.25, 4)))
found <- lapply(pairs, function(p) {
  x <- p$treated; y <- p$control
  g <- summary(escalc("SMD", m1i = mean(x), sd1i = sd(x), n1i = length(x),
                      m2i = mean(y), sd2i = sd(y), n2i = length(y)))
  c(p, list(estimate = as.numeric(g$yi), std_error = g$sei, conf_low = g$ci.lb, conf_high = g$ci.ub))
})
write_json(found, "hedges.json", auto_unbox = TRUE, digits = 14)
