"""What a trial is: the table contract, its readers, and the loaded Study."""

from alsutils.study.config import StudyConfig
from alsutils.study.errors import Problem, StudyError
from alsutils.study.loading import load_study
from alsutils.study.model import ARM, Study

__all__ = ["ARM", "Problem", "Study", "StudyConfig", "StudyError", "load_study"]
