"""Everything that can be wrong with a fit, each under its own name."""


def show(value: object) -> str:
    """Return a value as a user would type it, numpy scalars without their type."""
    return repr(value.item() if hasattr(value, "item") else value)


class MMRMError(ValueError):
    """Base class of every refusal of :func:`alsutils.stats.mmrm.fit_mmrm`."""


class FormulaError(MMRMError):
    """The formula cannot be read, or names a column that the data do not have."""


class OptionError(MMRMError):
    """An option, or a combination of options, that has no meaning."""


class MissingValueError(MMRMError):
    """A subject, visit, group or weight is missing where every row needs one."""


class InfiniteValueError(MMRMError):
    """An outcome or covariate is infinite."""


class DuplicateVisitError(MMRMError):
    """A subject has two rows at the same visit."""


class UnknownVisitError(MMRMError):
    """A visit is missing, or is none of the visits of the fitted model."""


class UnknownLevelError(MMRMError):
    """A factor has a level that the fitted model does not know."""


class TooFewSubjectsError(MMRMError):
    """There are fewer subjects than the model has parameters to estimate."""


class RankDeficientError(MMRMError):
    """Some columns of the design are sums of others, so their effects cannot be told apart.

    Attributes
    ----------
    aliased : tuple of str
        The columns that add nothing to the ones before them.
    in_words : str
        The message for those who know no columns.
    """

    in_words = "an arm was not seen at a visit, or arms, visits and covariates determine each other"

    def __init__(self, message: str, aliased: tuple[str, ...]) -> None:
        super().__init__(message)
        self.aliased = aliased


class ConstantOutcomeError(MMRMError):
    """The outcome does not vary, or not beyond what the design explains exactly."""


class GroupError(MMRMError):
    """A subject is in more than one covariance group."""


class WeightError(MMRMError):
    """A weight is not a positive finite number."""


class ConvergenceError(MMRMError):
    """No maximum of the likelihood was found inside the space of covariance matrices.

    Attributes
    ----------
    in_words : str
        The message for those who know no steps of a search.
    """

    in_words = "its likelihood has no maximum that could be found"
