"""What is said of one trial alone, from the study's own folder."""

import re

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from alsutils.display.output import Prose
from alsutils.study import Study

_PLACE = re.compile(r"^# (.+)$", re.MULTILINE)


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
    ValueError
        If the story uses a figure that study.yml does not have.
    """
    path = study.folder / "story" / f"{chapter}.md"
    if not path.is_file():
        return Prose("")
    parts = _PLACE.split(path.read_text(encoding="utf-8"))
    texts = dict(zip((p.strip() for p in parts[1::2]), parts[2::2], strict=True))
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
    try:
        template = environment.from_string(texts.get(place, ""))
        text = template.render(
            published=study.published, arms=study.arms, design=study.config.design
        )
    except jinja2.TemplateError as error:
        raise ValueError(f"{path.name}, place {place!r}: {error}") from error
    return Prose(text.strip(), myst=True)
