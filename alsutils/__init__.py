"""Trial statistics for an open book on a phase 2 ALS trial, and for anyone's own trial."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsutils.study import Study, StudyError, load_study

__all__ = ["Study", "StudyError", "load_study"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for, so that alsutils.stats can be used without the study's dependencies.
    if name in __all__:
        import alsutils.study

        return getattr(alsutils.study, name)
    raise AttributeError(f"module 'alsutils' has no attribute {name!r}")
