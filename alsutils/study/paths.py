"""Files of a study, which must lie in its folder."""

from pathlib import Path


def inside(folder: Path, name: str) -> Path | None:
    """Give the path of a file that a study names, if it stays in the study's folder.

    Parameters
    ----------
    folder : Path
        The study's folder.
    name : str
        A file's name, relative to it.

    Returns
    -------
    Path or None
        The path, whether or not there is such a file; None for one that leads out of the folder,
        directly, by ``..`` or by a link, or that no file can have.
    """
    if "\\" in name or "\0" in name or Path(name).is_absolute():
        return None
    try:
        root, path = folder.resolve(), (folder / name).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name that is too long
        return None
    return folder / name if path.is_relative_to(root) and path != root else None
