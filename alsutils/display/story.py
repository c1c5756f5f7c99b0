"""What is said of one trial alone, from the study's own folder."""

from alsutils.display.output import Prose
from alsutils.study import Study
from alsutils.study.story import tell


def story(study: Study, chapter: str, place: str) -> Prose:
    """Give what the study's story says at one place of a chapter.

    Parameters
    ----------
    study : Study
        Its folder may hold ``story/<chapter>.md``: MyST Markdown in which each top-level heading
        names a place. ``{{ published }}``, ``{{ arms }}`` and ``{{ design }}`` stand for those
        blocks of study.yml, so that a figure in the story is never typed.
    chapter, place : str
        E.g. ``"primary"`` and ``"question"``.

    Returns
    -------
    Prose
        Empty where the study tells no story there.

    Raises
    ------
    StoryError
        If the story uses a figure that study.yml does not have. `alsbook check` finds it.
    """
    return Prose(tell(study.folder, study.config, chapter, place), myst=True)
