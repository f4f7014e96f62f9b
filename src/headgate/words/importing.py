"""What is told of an import: what was taken over, what needs a hand, what was not imported, what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from headgate.words.figures import counted
from headgate.words.layout import aligned

if TYPE_CHECKING:
    from headgate.app.import_dbt import ImportedDbt
    from headgate.app.import_source import ImportedSource
    from headgate.project.dbt.notes import Note

_TITLES = {"by hand": "Needs a hand", "left out": "Not imported", "otherwise": "Not as in dbt"}
_PLACES_SHOWN = 12
_FAULTS_SHOWN = 5


def lines_of_dbt(made: ImportedDbt, *, width: int) -> Iterator[str]:
    """Yield what came of the import of a dbt project: counts, then what is to be told, then what `check` says."""
    yield from _lines_of_counts(made)
    for weight, title in _TITLES.items():
        notes = [note for note in made.notes if note.weight.value == weight]
        if notes:
            yield ""
            yield f"{title}: {len(notes)}"
            yield from aligned(list(_rows_of_notes(notes)), width=width)
    yield ""
    yield from _lines_of_check(made, width=width)


def _lines_of_counts(made: ImportedDbt) -> Iterator[str]:
    counts = made.counts
    templates = f", {counts.templates} of them with Jinja" if counts.templates else ""
    models = f"{counted(counts.tables, 'table')} and {counted(counts.views, 'view')}{templates}"
    others = (
        (counts.seeds, "seed"),
        (counts.sources, "source"),
        (counts.exposures, "exposure"),
        (counts.property_files, "property file"),
        (counts.macros, "macro"),
    )
    yield f"{made.name}: {', '.join([models, *(counted(number, noun) for number, noun in others if number)])}."
    was = "was" if len(made.kept) == 1 else "were"
    kept = f"; {counted(len(made.kept), 'file')} {was} there already" if made.kept else ""
    where = "here" if made.folder == "." else f"to {made.folder}"
    yield f"{counted(len(made.files), 'file')} written {where}{kept}."
    if made.engine_path:
        yield f"The engine is {made.engine_path}, as in profiles.yml."


def _rows_of_notes(notes: Sequence[Note]) -> Iterator[tuple[str, str]]:
    """Yield place and text of the notes; those that say the same stand together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        groups.setdefault((note.text, note.advice), []).append(str(note.place))
    for (text, advice), places in groups.items():
        yield places[0], text
        yield from ((place, "") for place in places[1:_PLACES_SHOWN])
        if len(places) > _PLACES_SHOWN:
            yield f"and {len(places) - _PLACES_SHOWN} more", "--json names them all"
        yield from (("", line) for line in advice.splitlines())


def _lines_of_check(made: ImportedDbt, *, width: int) -> Iterator[str]:
    numbers = [(made.errors, "error"), (len(made.diagnostics) - made.errors, "warning")]
    told = [counted(number, noun) for number, noun in numbers if number]
    if not told:
        yield "headgate check finds nothing wrong with it."
        return
    yield f"headgate check finds {' and '.join(told)}."
    errors = [one for one in made.diagnostics if one.severity.value == "error"]
    rows = [(str(one.place or ""), f"{one.code}  {one.summary}") for one in errors[:_FAULTS_SHOWN]]
    yield from aligned(rows, width=width)
    if len(errors) > _FAULTS_SHOWN:
        yield f"  and {len(errors) - _FAULTS_SHOWN} more"


def lines_of_source(made: ImportedSource, *, width: int) -> Iterator[str]:
    """Yield what came of the import of a schema."""
    known = f"{counted(len(made.known), 'table')} {'is' if len(made.known) == 1 else 'are'} declared already"
    if made.path:
        beside = f"; {known}" if made.known else ""
        yield f"{made.path} declares {counted(len(made.tables), 'table')} of {made.schema}{beside}."
    elif not made.tables:
        yield f"nothing to add: {known}."
    if made.left_out:
        yield "Not declared, or not in full:"
        yield from aligned([(one.name, one.reason) for one in made.left_out], width=width)
