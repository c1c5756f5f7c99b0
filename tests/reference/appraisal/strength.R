# False-positive risk, fragility, replication and E-values in the plain way of R.
# Run here: Rscript strength.R
library(jsonlite)

risk <- function(p, df, effect, prior) {
  t <- qt(p / 2, df, lower.tail = FALSE)
  ratio <- (dt(t, df, effect) + dt(-t, df, effect)) / (2 * dt(t, df))
  list(p = p, df = df, effect = effect, prior = prior, ratio = ratio,
       risk = (1 - prior) / (1 - prior + prior * ratio))
}

# Walsh: add events to the arm with fewer of them until Fisher's p is no longer below 0.05;
# from no significance, take events away until it is.
fragility <- function(x1, n1, x0, n0) {
  p <- function(a, b) fisher.test(matrix(c(a, n1 - a, b, n0 - b), 2))$p.value
  first <- x1 <= x0
  at <- function(k) if (first) p(x1 + k, x0) else p(x1, x0 + k)
  step <- if (at(0) < 0.05) 1 else -1
  room <- if (step == 1) (if (first) n1 - x1 else n0 - x0) else min(x1, x0)
  k <- 0
  while (k < room && (at(step * k) < 0.05) == (step == 1)) k <- k + 1
  turned <- (at(step * k) < 0.05) != (step == 1)
  list(table = c(x1, n1, x0, n0), significant = step == 1, changes = if (turned) k else NA,
       p = at(0), p_after = if (turned) at(step * k) else NA)
}

tables <- list(c(1, 20, 9, 20), c(22, 32, 5, 27), c(3, 50, 5, 50), c(40, 100, 25, 110),
               c(0, 15, 6, 15), c(1, 12, 2, 12), c(7, 30, 15, 31))
treated <- c(4.1, 2.2, 3.9, 5.0, 6.1, 2.8, 4.4, 3.3)
control <- c(1.2, 2.0, 0.4, 2.9, 1.8, 3.1, 0.9)
lost <- 0
values <- sort(treated, decreasing = TRUE)
p_start <- t.test(values, control, var.equal = TRUE)$p.value
p_end <- p_start
while (p_end < 0.05) {
  lost <- lost + 1
  values[lost] <- mean(control)
  p_end <- t.test(values, control, var.equal = TRUE)$p.value
}
e_value <- function(r) r + sqrt(r * (r - 1))

write_json(list(
  r = R.version.string,
  risks = list(risk(0.05, 30, sqrt(8), 0.5), risk(0.003, 54, 3.15, 0.1), risk(0.4, 12, 1, 0.3)),
  fragility = lapply(tables, function(x) fragility(x[1], x[2], x[3], x[4])),
  continuous = list(treated = treated, control = control, changes = lost,
                    p = p_start, p_after = p_end),
  difference = list(d = 0.6, low = 0.1, high = 1.1,
                    point = e_value(exp(0.91 * 0.6)), limit = e_value(exp(0.91 * 0.1)))
), "strength.json", digits = 14, auto_unbox = TRUE, pretty = TRUE)
