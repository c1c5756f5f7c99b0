# Rubin's rules by R's mice on its own example, nhanes: what each imputation gave, and the pool.
# Rscript pool.R
suppressMessages({library(mice); library(jsonlite)})
imputed <- mice(nhanes, m = 5, seed = 1, printFlag = FALSE)
fits <- with(imputed, lm(chl ~ bmi + age))
pooled <- pool(fits)
each <- lapply(fits$analyses, function(f) summary(f)$coefficients)
of <- function(column) t(sapply(each, function(x) x[, column]))
table <- summary(pooled, conf.int = TRUE)
large <- pool.scalar(of(1)[, 2], of(2)[, 2]^2, n = Inf, k = 1)
write_json(
  list(
    meta = list(R = R.version.string, mice = as.character(packageVersion("mice"))),
    estimates = unname(of(1)), std_errors = unname(of(2)), df_complete = fits$analyses[[1]]$df.residual,
    pooled = list(
      estimate = table$estimate, std_error = table$std.error, df = table$df,
      statistic = table$statistic, p_value = table$p.value,
      conf_low = table$`2.5 %`, conf_high = table$`97.5 %`,
      within = pooled$pooled$ubar, between = pooled$pooled$b, total = pooled$pooled$t,
      relative_increase = pooled$pooled$riv, fraction_missing = pooled$pooled$fmi
    ),
    large_sample = list(estimate = large$qbar, total = large$t, df = large$df, fraction_missing = large$fmi)
  ),
  "pool.json", digits = 15, auto_unbox = TRUE
)
