# The double false discovery rate with p.adjust. The p-values are the example of R's package c212
# (help page of c212.DFDR), whose printed answer flags ten terms.
# Run: Rscript double_fdr.R  (base R only); writes double_fdr.csv beside this file.
d <- data.frame(system = c(1, rep(2, 4), rep(3, 7), rep(4, 5)),
                p = c(0.135005, 0.010000, 0.001000, 0.005000, 0.153501, 0.020000, 0.0013, 0.0023, 0.011,
                      0.023000, 0.016, 0.0109, 0.559111, 0.751986, 0.308339, 0.837154, 0.325882))
d$within <- ave(d$p, d$system, FUN = function(p) p.adjust(p, "BH"))
smallest <- tapply(d$within, d$system, min)
d$of_system <- p.adjust(smallest, "BH")[as.character(d$system)]
kept <- d$of_system <= 0.05
d$family <- NA; d$family[kept] <- p.adjust(d$p[kept], "BH")
write.csv(format(d, digits = 15), "double_fdr.csv", row.names = FALSE, quote = FALSE)
