# Group-sequential designs by rpact, and exact crossing probabilities by mvtnorm.
# Run in this folder: Rscript designs.R
suppressMessages({library(rpact); library(mvtnorm); library(jsonlite)})
set.seed(8154)

# ---- Boundaries, inflation and expected sizes ----------------------------------------------------
equal5 <- (1:5) / 5
uneven <- c(0.15, 0.4, 0.85, 1)
kinds <- list(
  list(name = "obrien_fleming", type = "asOF"), list(name = "pocock", type = "asP"),
  list(name = "power", type = "asKD", gamma = 1), list(name = "power", type = "asKD", gamma = 3),
  list(name = "gamma", type = "asHSD", gamma = -4), list(name = "gamma", type = "asHSD", gamma = 1.5),
  list(name = "classic_obrien_fleming", type = "OF"), list(name = "classic_pocock", type = "P"),
  list(name = "wang_tsiatis", type = "WT", delta = 0.25))
described <- function(design) {
  x <- suppressWarnings(getDesignCharacteristics(design))
  list(inflation = x$inflationFactor, shift = x$shift, expected_h1 = x$averageSampleNumber1,
       expected_h01 = x$averageSampleNumber01, expected_h0 = x$averageSampleNumber0,
       power = x$power, rejection = x$rejectionProbabilities, futility = x$futilityProbabilities)
}
spending <- list()
for (kind in kinds) for (times in list(equal5, uneven)) for (sided in 1:2) {
  arguments <- list(informationRates = times, alpha = 0.025 * sided, beta = 0.1, sided = sided,
                    typeOfDesign = kind$type, tolerance = 1e-10)
  if (!is.null(kind$gamma)) arguments$gammaA <- kind$gamma
  if (!is.null(kind$delta)) arguments$deltaWT <- kind$delta
  design <- do.call(getDesignGroupSequential, arguments)
  spending[[length(spending) + 1]] <- c(list(
    family = kind$name, parameter = if (is.null(kind$gamma)) kind$delta else kind$gamma,
    fractions = times, sided = sided, alpha = 0.025 * sided, upper = design$criticalValues,
    spent = design$alphaSpent), described(design))
}

futility <- list()
for (beta in list(list("obrien_fleming", "bsOF"), list("pocock", "bsP"), list("gamma", "bsHSD", -2)))
  for (binding in c(TRUE, FALSE)) for (times in list(equal5, uneven)) {
    arguments <- list(informationRates = times, alpha = 0.025, beta = 0.2, sided = 1,
      typeOfDesign = "asOF", typeBetaSpending = beta[[2]], bindingFutility = binding,
      tolerance = 1e-10)
    if (length(beta) > 2) arguments$gammaB <- beta[[3]]
    design <- do.call(getDesignGroupSequential, arguments)
    futility[[length(futility) + 1]] <- c(list(
      family = beta[[1]], parameter = if (length(beta) > 2) beta[[3]], binding = binding,
      fractions = times, upper = design$criticalValues, lower = design$futilityBounds),
      described(design))
  }

# ---- Crossing probabilities from the multivariate normal distribution ----------------------------
crossing <- function(times, upper, lower, drift) {
  correlation <- outer(times, times, function(a, b) sqrt(pmin(a, b) / pmax(a, b)))
  mean <- drift * sqrt(times)
  exact <- function(low, high, n) {
    if (n == 1) return(pnorm(high, mean[1]) - pnorm(low, mean[1]))
    # Up to three looks to 1e-10 or better; more by quasi-Monte Carlo.
    algorithm <- if (n > 3) GenzBretz(maxpts = 5e6, abseps = 1e-9) else
      if (all(low == -Inf) || all(high == Inf)) TVPACK(1e-14) else Miwa(steps = 4000)
    as.numeric(pmvnorm(low, high, mean[1:n], correlation[1:n, 1:n], algorithm = algorithm))
  }
  k <- length(times); result <- list(reach_upper = numeric(k), reach_lower = numeric(k))
  for (i in 1:k) {
    before <- seq_len(i - 1)
    result$reach_upper[i] <- exact(c(lower[before], upper[i]), c(upper[before], Inf), i)
    result$reach_lower[i] <- exact(c(lower[before], -Inf), c(upper[before], lower[i]), i)
  }
  result
}
cases <- list(
  list(times = (1:3) / 3, upper = rep(2.289, 3), lower = rep(-2.289, 3)),
  list(times = c(0.2, 0.7, 1), upper = c(3, 2.5, 2), lower = c(-0.5, 0.6, 2)),
  list(times = c(0.1, 0.13, 1), upper = c(2.2, 2.4, 2.1), lower = c(-2.2, -2.4, -2.1)),
  list(times = (1:4) / 4, upper = c(4.333, 2.963, 2.359, 2.014), lower = rep(-Inf, 4)))
probabilities <- list()
for (case in cases) for (drift in c(0, 1.5, -2, 3.5))
  probabilities[[length(probabilities) + 1]] <-
    c(case, list(drift = drift), crossing(case$times, case$upper, case$lower, drift))

# ---- Conditional power with several looks to come -------------------------------------------------
# The looks to come, given the score now, are again looks at a Brownian motion.
power_to_come <- function(times, upper, now, z, drift) {
  left <- times - now
  moved <- (upper * sqrt(times) - z * sqrt(now)) / sqrt(left)
  sum(crossing(left, moved, rep(-Inf, length(left)), drift)$reach_upper)
}
conditional <- list()
for (z in c(-0.5, 1, 2.2)) for (drift in list("trend", 0, 3.1)) {
  used <- if (drift == "trend") z / sqrt(0.3) else as.numeric(drift)
  conditional[[length(conditional) + 1]] <- list(z = z, drift = used, trend = drift == "trend",
    probability = power_to_come(c(0.6, 0.8, 1), c(2.669, 2.289, 2.031), 0.3, z, used))
}

# ---- Inference after stopping, means with a known standard deviation -------------------------------
inference <- list()
for (type in c("asOF", "asP")) {
  design <- getDesignGroupSequential(informationRates = equal5, alpha = 0.025, sided = 1,
                                     typeOfDesign = type, tolerance = 1e-10)
  for (last in list(c(0.9, 1.2, 2.75), c(2.6), c(0.3, 1.1, 1.9, 2.2, 2.35), 
                    c(0, 0.2, -0.3, 0.6, 0.4))) {
    # A one-sample test with 20 patients a stage, and an SD of 1 of all patients so far.
    n <- 20; stage <- seq_along(last)
    means <- last / sqrt(n * stage)
    crossed <- which(last >= design$criticalValues[stage])
    stopped <- if (length(crossed)) crossed[1] else length(last)
    if (!length(crossed) && stopped < 5) next
    data <- getDataset(cumulativeN = n * (1:stopped), cumulativeMeans = means[1:stopped],
                       cumulativeStDevs = rep(1, stopped))
    suppressMessages(suppressWarnings(invisible(capture.output(
      x <- getAnalysisResults(design, data, normalApproximation = TRUE, stage = stopped,
                              thetaH0 = 0, directionUpper = TRUE)))))
    inference[[length(inference) + 1]] <- list(
      type = type, look = stopped, z = last[stopped], n = n * stopped,
      p = x$finalPValues[stopped], low = x$finalConfidenceIntervalLowerBounds[stopped],
      high = x$finalConfidenceIntervalUpperBounds[stopped],
      median = x$medianUnbiasedEstimates[stopped],
      repeated_low = x$repeatedConfidenceIntervalLowerBounds[1:stopped],
      repeated_high = x$repeatedConfidenceIntervalUpperBounds[1:stopped],
      z_all = last[1:stopped])
  }
}

write_json(list(
  r = R.version.string, rpact = as.character(packageVersion("rpact")),
  mvtnorm = as.character(packageVersion("mvtnorm")), spending = spending, futility = futility,
  probabilities = probabilities, conditional = conditional, inference = inference
), "designs.json", digits = 12, auto_unbox = TRUE, null = "null", pretty = TRUE)
