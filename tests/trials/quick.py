"""Importing this lets the slowest simulations take few draws, for as long as the process lives.

A build forks its kernels from a process that imports what it is told to; told to import this, too,
it builds a whole book in the time of a test.
"""

from tests.trials.runner import fewer_draws

_DRAWS = fewer_draws()
_DRAWS.__enter__()
