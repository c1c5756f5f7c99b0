"""No single patient of an observed study leaves its data."""

import json
import re
from typing import Any

from alsutils.book.errors import BuildError
from alsutils.study import Study

# An identifier that is a short number alone could be any count on the page.
_TELLING = re.compile(r"^(?=.*\D)[\w.\-]{5,}$")
_WORD = re.compile(r"[\w.\-]+")


def check_privacy(study: Study, notebooks: dict[str, Any]) -> None:
    """Search what the chapters show, charts' data included, for subjects' identifiers.

    Parameters
    ----------
    study : Study
        Its data; nothing is searched if they are synthetic.
    notebooks : dict of str to nbformat.NotebookNode
        The executed notebooks by page name.

    Raises
    ------
    BuildError
        If a page shows an identifier; all such pages are named.
    """
    if study.is_synthetic:
        return
    subjects = {str(s) for s in study.tables["adsl"]["USUBJID"] if _TELLING.match(str(s))}
    problems = []
    for name, notebook in notebooks.items():
        outputs = [cell.get("outputs", []) for cell in notebook.cells]
        # Decoded text, for JSON writes other letters than ASCII as numbers.
        shown = sorted(subjects & set(_WORD.findall(json.dumps(outputs, ensure_ascii=False))))
        if shown:
            others = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
            problems.append(f"{name} shows the patient {shown[0]}{others}")
    if problems:
        raise BuildError(
            "\n".join(problems) + "\nThe data are observed, and a page may hold summaries only"
        )
