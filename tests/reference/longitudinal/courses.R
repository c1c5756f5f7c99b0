# Constrained longitudinal analysis by nlme::gls and random slopes by lme4::lmer, on one made-up trial.
# Run in this folder: Rscript courses.R
library(jsonlite)
library(nlme)
library(lme4)

trial <- read.csv("courses.csv", stringsAsFactors = TRUE)
trial$arm <- factor(trial$arm, levels = c("control", "low", "high"))
trial <- trial[!is.na(trial$score), ]
trial <- trial[order(trial$subject, trial$month), ]

after <- trial[trial$month >= 0, ]
after$visit <- factor(after$month)
position <- as.integer(after$visit)
terms <- c()
for (a in c("low", "high")) for (m in c(1, 3, 6)) {
  name <- paste0(a, m)
  after[[name]] <- as.numeric(after$arm == a & after$month == m)
  terms <- c(terms, name)
}
clda <- gls(as.formula(paste("score ~ visit + sex +", paste(terms, collapse = " + "))), data = after,
            correlation = corSymm(form = ~ position | subject),
            weights = varIdent(form = ~ 1 | visit), method = "REML",
            control = glsControl(tolerance = 1e-10, msTol = 1e-12, maxIter = 500, msMaxIter = 500))
table <- summary(clda)$tTable[terms, ]

tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e6),
                     check.conv.singular = "ignore")
line <- lmer(score ~ month * arm + (month | subject), data = after, REML = TRUE, control = tight)
trial$after <- pmax(trial$month, 0)
bend <- lmer(score ~ (month + after) * arm + (month + after | subject), data = trial, REML = TRUE,
             control = tight)
pick <- function(fit, terms) {
  lapply(setNames(terms, terms), function(t) as.list(setNames(coef(summary(fit))[t, 1:2],
                                                              c("estimate", "std_error"))))
}

write_json(list(
  r = R.version.string, nlme = as.character(packageVersion("nlme")),
  lme4 = as.character(packageVersion("lme4")),
  clda = lapply(setNames(terms, terms), function(t) list(estimate = table[t, 1])),
  clda_minus_2_log_likelihood = -2 * as.numeric(logLik(clda)),
  line = pick(line, c("month:armlow", "month:armhigh")),
  bend = pick(bend, c("after:armlow", "after:armhigh"))
), "courses.json", digits = 12, auto_unbox = TRUE, pretty = TRUE)
