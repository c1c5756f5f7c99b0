# ---
# jupytext:
#   text_representation: {extension: .py, format_name: percent}
# kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
"""
# Validation

Why should anybody believe a number in this book? Because each was compared with one that was made
without it: by another program, in a published example, or by a truth that can be worked out exactly.
The comparisons are tests of the repository and run with every change; this page shows them.

## What each number was compared with

| Statistic | Compared with |
|---|---|
| Student's and Welch's t-test | R `t.test`; the printed cells of the trial |
| Analysis of covariance, robust errors | R `lm` with HC3 written out; the CDISC pilot's published table |
| Mixed model for repeated measures | R `mmrm`, `emmeans`, `nlme::gls`, `pbkrtest`; SAS by way of the CDISC pilot; exact t-tests in balanced trials |
| Standardised differences | R, written out; closed forms; simulation for bias |
| Assurance, shrinkage after a choice, several arms | integrals and `mvtnorm` in R; simulated pairs of trials |
| Risk differences and risk ratios | R; published tables of Newcombe and of Fagerland and colleagues; coverage added up over every outcome |
| Exact tests, odds ratios and limits | R `fisher.test`, `binom.test`; published figures of StatXact; every outcome tried, in R and here |
| Mantel-Haenszel estimates and tests | R `metafor`, `mantelhaen.test`; a published example |
| Event rates and their ratios | R `poisson.test`, `MASS::glm.nb`, `glm` with a sandwich; coverage added up over every outcome |
| False discovery rates by body system | R `p.adjust`; the printed example of R `c212` |
| Shares drawn towards their body system | nested integrals in R; simulated coverage and calibration |
| Cumulative incidence, Gray's test | R `survival`, `cmprsk` |
| Mean number of events per patient | R `survival`; a numerical jackknife in R where deaths compete |
| Events after a procedure | counting day by day |
| Methods of randomisation | the binomial and Markov-chain probabilities of imbalance; Blackwell and Hodges' closed form of right guesses; minimisation step by step in R |
| Randomisation tests | R `coin`, `exactRankTests`, `wilcox.test`; SciPy; simulated level and coverage |
| Values below a limit, between two or above one | R `survreg` with left and interval censoring; the exact likelihood and its second differences |
| Distribution of values below a limit, by ranks and turned round | R `survfit`, `survdiff`, `wilcox.test` |
| Values below a limit drawn many times | the posterior distribution on a grid; the mixed model and analysis of covariance where nothing is drawn; simulated coverage |
| Numbers written for values below a limit | integrals; simulation |
| Rank tests, Hodges-Lehmann shifts, van Elteren's test | R `wilcox.test`, `exactRankTests`, `coin`; every arrangement; simulated coverage and level |
| Holm, Benjamini and Hochberg, Benjamini and Yekutieli, Storey | R `p.adjust`, `qvalue` |
| Westfall and Young's adjustments | R `multtest` over every arrangement; a loop in R with missing values; simulated error rate |
| O'Brien's tests, permutation of a panel | R, written out over every arrangement; simulated level |
| Correlations, partial and repeated ones, their differences | R `cor.test`, `lm`, `boot`; every order; simulated level and coverage |
| Correlations that choosing patients makes | closed forms; a trial of 200,000; counting |
| Natural direct and indirect effects, their sensitivity | R `lm` with numerical derivatives; the likelihood of both equations maximised in R; data with a known truth |
| Kaplan-Meier curves and quantiles, delayed entry, restricted means and their ratio | R `survival`; lifelines |
| Simultaneous bands of curves | R `km.ci` and the printed tables in it; Kolmogorov's distribution; an equation of diffusion; simulated coverage |
| Log-rank tests, plain, weighted and stratified; the largest of several | R `survival`, `mvtnorm`, sums written out; lifelines; simulated level |
| Permutation tests of survival | R `coin`; every arrangement |
| Cox models, ties, strata, residuals, influence, proportional hazards | R `survival`; lifelines; simulated coverage |
| Firth's penalised Cox model | its likelihood maximised in R |
| Hazard ratios that change, piecewise and spline hazards | R `survival`, `glm`, `survreg`; the spline's likelihood maximised in R |
| Cause-specific and subdistribution hazards, time lost | R `survival`, `cmprsk`; a numerical jackknife in R; simulated coverage |
| Joint model of decline and death | its likelihood written out and maximised in R, `nlme::lme` and `survreg` for its parts; double integrals; simulated bias and coverage |
| Patients read out of printed curves | simulated curves read back |
| Imputed times of those who left | closed forms; R `survreg`; the analysis as censored |
| Posteriors of hazard ratios, second-generation p-values | integrals; the definition |
| Constrained longitudinal analysis, random slopes | R `nlme::gls`, `lme4::lmer` |
| Multiple and reference-based imputation | R `rbmi`; R `mice` for pooling; closed forms for one visit |
| Power and sample size | R `power.t.test`, `power.prop.test`, `pwr`, `rpact`; `statsmodels`; published tables of Diggle and colleagues and of Lu and colleagues; every table of Fisher's test; simulation |
| Joint rank, win ratio, win odds, net benefit | every pair, one by one, here and in R; the published table of ACTT-1 |
| Whole-number checks of printed figures | published examples; all small data sets, one by one |
| Type M and type S errors | the example of the paper that introduced them; simulation |
| Group-sequential boundaries, power, intervals after stopping | R `rpact`, `mvtnorm`; the tables of Armitage, McPherson and Rowe, of Jennison and Turnbull, and of Lan and DeMets; simulation |
| The synthetic twin | the printed table, cell by cell; regenerated byte for byte |

## The mixed model beside R

The primary chapter uses a mixed model that was written for this book. Here every fit of R's `mmrm` to
one made-up trial is made again while this page is built: nine covariance structures, several kinds of
degrees of freedom and of standard errors.
"""

# %% tags=["hide-input"]
from pathlib import Path

from alsutils.display import guide
from alsutils.stats.validation import (
    lifelines_agreement,
    mmrm_agreement,
    mmrm_coverage,
    mmrm_speed,
    type_one_error,
)

reference = Path("../../tests/reference/mmrm")
agreement = mmrm_agreement(reference)
guide.agreement_sentence(agreement)

# %% tags=["hide-input"]
guide.agreement_table(agreement)

# %% [markdown]
"""
## Survival beside lifelines

For everyday survival analyses in Python there is the library lifelines {cite:p}`davidsonpilon2019`, and
your own work may well begin there. This book needs a few things that it does not offer, such as Firth's
penalty and bands for a whole curve, and so has a Kaplan-Meier curve and a Cox model of its own beneath
them. Where both give a figure, it should be the same. This, too, is computed while the page is built.
"""

# %% tags=["hide-input"]
guide.peer_table(lifelines_agreement())

# %% [markdown]
"""
## Do the intervals keep their promise?

An interval of 95% should hold the truth in 95 of 100 trials. In a small trial that is not a matter of
course: the covariance of the visits is itself estimated, and who ignores that gets intervals that are
too short. Here small trials of two arms with four visits and drop-out were simulated many times over,
each with a known true difference.

Two programs mean different things by Kenward and Roger's correction of an unstructured covariance: R's
`mmrm` takes the curvature of the logarithms by which it searches, SAS that of the variances themselves.
The difference is small in large trials. The primary chapter uses SAS's.
"""

# %% tags=["hide-input"]
coverage = mmrm_coverage(reference)
guide.coverage_figure(coverage)

# %% [markdown]
"""
## Does a test find what is not there?

A test at the level of 5% may be wrong in 5 of 100 trials without an effect. Two worlds without one were
simulated many times over, with arms as large as those of the default study. In the first, every patient
who lives is seen throughout. In the second, patients leave when they get worse, and those of one arm
leave three times as often: now each analysis rests on what it assumes of patients who were not seen.
Carrying the last value forward fails, for the arm whose patients leave early looks better than it is;
ranks, pairs and responders that take the last change seen fail with it. Drawing values as if treatment
had been lost at once ("jump to control") errs on the other side: where that assumption is made, Rubin's
rules give too large an error, and the conditional means with a jackknife do not.
"""

# %% tags=["hide-input"]
errors = type_one_error(Path("../../tests/reference/primary"))
guide.error_figure(errors)

# %% [markdown]
"""
## How long does a fit take?

All data enter the likelihood through sums of products for each pattern of visits seen. After one pass
over the data nothing grows with the number of patients.
"""

# %% tags=["hide-input"]
speed = mmrm_speed(reference)
guide.speed_figure(speed)

# %% [markdown]
"""
## References

```{bibliography}
:filter: docname in docnames
```
"""
