# Reference figures for correlations.
# Run from this folder after mechanism.R: Rscript correlations.R ; R 4.2.2, boot 1.3-28.
suppressPackageStartupMessages({library(boot); library(jsonlite)})
data <- read.csv("censored.csv")
x <- data$base[1:25]; y <- data$exact[1:25]; z <- data$exact[26:50]
xr <- round(x, 1); yr <- round(y, 1)
k <- cor.test(x, y, method = "kendall"); kt <- cor.test(xr, yr, method = "kendall", exact = FALSE)
out <- list(kendall = list(estimate = unname(k$estimate), p = k$p.value, statistic_tied = unname(kt$statistic),
                           estimate_tied = unname(kt$estimate), p_tied = kt$p.value))

partial <- function(a, b, g) {
  r <- cor(resid(lm(a ~ g)), resid(lm(b ~ g))); m <- length(a); q <- NCOL(g)
  t <- r * sqrt((m - 2 - q) / (1 - r^2))
  list(estimate = r, statistic = t, p = 2 * pt(-abs(t), m - 2 - q),
       conf = tanh(atanh(r) + c(-1, 1) * qnorm(0.975) / sqrt(m - 3 - q)))
}
out$partial <- list(one = partial(x, y, z), two = partial(x, y, cbind(z, data$arm[16:40])),
                    ranks = partial(rank(x), rank(y), rank(z)))
# the coefficient of x in a regression has the same t
out$partial$one$regression_t <- coef(summary(lm(y ~ x + z)))["x", "t value"]

# every order of a few pairs
orders <- function(v) if (length(v) < 2) list(v) else
  do.call(c, lapply(seq_along(v), function(i) lapply(orders(v[-i]), function(o) c(v[i], o))))
a <- x[1:6]; b <- y[1:6]; every <- orders(1:6)
share <- function(method, a, b) { r <- sapply(every, function(o) cor(a, b[o], method = method))
  mean(abs(r) >= abs(cor(a, b, method = method)) - 1e-9) }
out$exact <- list(pearson = share("pearson", a, b), spearman = share("spearman", a, b), kendall = share("kendall", a, b),
                  spearman_cor_test = cor.test(x[1:7], y[1:7], method = "spearman", exact = TRUE)$p.value)

# BCa given the samples, the same for every statistic
R <- 499
bca <- function(m, f) { set.seed(1); b <- boot(seq_len(m), f, R = R)
  i <- boot.array(b, indices = TRUE)
  # the jackknife's influence around its own mean, as in Efron and Tibshirani
  without <- sapply(seq_len(m), function(i) f(seq_len(m), seq_len(m)[-i]))
  ci <- boot.ci(b, type = c("perc", "bca"), L = mean(without) - without)
  out$boot_indices <<- i - 1
  list(estimate = b$t0, std_error = sd(b$t), bca = ci$bca[4:5], percentile = ci$percent[4:5]) }
m <- 18
out$boot <- list(
  pearson = bca(m, function(d, i) cor(x[i], y[i])),
  spearman = bca(m, function(d, i) cor(x[i], y[i], method = "spearman")),
  kendall = bca(m, function(d, i) cor(x[i], y[i], method = "kendall")),
  partial = bca(m, function(d, i) cor(resid(lm(x[i] ~ z[i])), resid(lm(y[i] ~ z[i])))))

group <- rep(c(TRUE, FALSE), length.out = 60)
inter <- lm(exact ~ base * g, data.frame(data, g = factor(group, levels = c(FALSE, TRUE))))
s <- coef(summary(inter))["base:gTRUE", ]
out$interaction <- list(estimate = unname(s[1]), std_error = unname(s[2]), statistic = unname(s[3]), p = unname(s[4]),
                        conf = as.numeric(confint(inter)["base:gTRUE", ]))

# repeated measures: analysis of covariance with a level for each person
person <- factor(c(rep(1:15, each = 3), rep(16:20, each = 2), 21:25)); px <- data$base; py <- data$exact
fit <- lm(py ~ person + px); tab <- drop1(fit, test = "F")
ssx <- tab["px", "Sum of Sq"]; sse <- sum(resid(fit)^2); slope <- unname(coef(fit)["px"])
r <- sign(slope) * sqrt(ssx / (ssx + sse)); df <- fit$df.residual
out$repeated <- list(person = as.integer(person), estimate = r, slope = slope, df = df, p = tab["px", "Pr(>F)"],
                     conf = tanh(atanh(r) + c(-1, 1) * qnorm(0.975) / sqrt(df - 1)))
write_json(out, "correlations.json", digits = 14, auto_unbox = TRUE)
