"""How often to repeat a computation whose cost grows with the trial."""

FULL_UP_TO = 500  # patients
FEWEST = 99  # with what was seen they make a hundred


def repetitions(wanted: int, patients: int, fewest: int = FEWEST) -> int:
    """Give the number of repetitions that takes no longer than that of a trial of 500.

    Parameters
    ----------
    wanted : int
        Repetitions of a trial of up to ``FULL_UP_TO`` patients.
    patients : int
        Of this trial.
    fewest : int
        Repetitions of the largest trial, where no fewer are wanted.

    Returns
    -------
    int
        In inverse proportion to the patients. A small trial keeps all repetitions, and a large one
        needs fewer where what is simulated is known the better, the larger the trial.

    Examples
    --------
    >>> repetitions(10_000, 64), repetitions(10_000, 5_000)
    (10000, 1000)
    """
    if patients <= FULL_UP_TO:
        return wanted
    return min(wanted, max(fewest, wanted * FULL_UP_TO // patients))
