"""Write the folder of a new study: a study.yml to finish, and tables to fill or those there are."""

import shutil
from pathlib import Path

import yaml

from alsutils.book.draft import other_sources, render
from alsutils.book.errors import BookError
from alsutils.book.findings import Findings, find
from alsutils.study.dictionary import TEMPLATE, empty_tables


def write_template(folder: Path, source: Path | None = None) -> Path:
    """Write a new study's folder.

    Parameters
    ----------
    folder : Path
        The study's folder; made if it is not there.
    source : Path or None
        A folder of ADaM tables. Those that the study can use are copied, unless it is the same
        folder; what they tell is filled in, the rest is marked ``DECIDE``. Without it the
        study.yml is a template, and beside it stand tables with a header only and a README.md that
        explains each of their columns.

    Returns
    -------
    Path
        The study.yml.

    Raises
    ------
    BookError
        If the folder has a study.yml already, or a file that would have to be replaced.
    """
    path = folder / "study.yml"
    if path.exists():
        raise BookError(f"{path} is there already; choose another folder, or remove it first")
    if folder.exists() and not folder.is_dir():
        raise BookError(f"{folder} is a file; choose another folder")
    findings = None if source is None else find(source)
    text = TEMPLATE.read_text("utf-8") if findings is None else render(findings)
    written = empty_tables(text) if findings is None else {}
    copied: list[Path] = []
    if findings is not None and source is not None:
        written = _made(findings)
        if source.resolve() != folder.resolve():
            copied = _used(findings, text)
    taken = [n for n in (*written, *(p.name for p in copied)) if (folder / n).exists()]
    if taken:
        raise BookError(f"{folder} holds {', '.join(taken)} already; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for file in copied:
        shutil.copyfile(file, folder / file.name)
    for name, content in written.items():
        (folder / name).write_text(content, "utf-8")
    path.write_text(text, "utf-8")
    return path


def _made(findings: Findings) -> dict[str, str]:
    """Give ADSL as a file's text, where it was made out of another table."""
    made = findings.made
    if made is None:
        return {}
    return {made.path.name: made.frame.to_csv(index=False, lineterminator="\n")}


def _used(findings: Findings, text: str) -> list[Path]:
    """Name the files that the draft names, those of other endpoints among them."""
    content = yaml.safe_load(text)
    names = {entry["file"] for entry in content["datasets"].values()}
    names |= {source.path.name for source in other_sources(findings)}
    paths = {source.path.name: source.path for source in findings.sources.values()}
    if findings.made is not None:
        names.discard(findings.made.path.name)
    return [paths[name] for name in sorted(names & set(paths))]
