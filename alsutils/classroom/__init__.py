"""A class in which every student has a trial of their own, with a truth only the teacher knows."""

from alsutils.classroom.grading import grade_class
from alsutils.classroom.setting import set_class

__all__ = ["grade_class", "set_class"]
