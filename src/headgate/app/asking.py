"""A question to an environment: names resolved by its pointers, the warehouse open for reading, refusals explained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from headgate.app.interrupting import Unanswered
from headgate.app.questions import Views, question_of
from headgate.core.address import Address, split
from headgate.core.diagnostic import Diagnostic, Place
from headgate.core.errors import EnvironmentFailed, Refused, StatementFailed
from headgate.core.listing import listed

if TYPE_CHECKING:
    from headgate.app.session import Session
    from headgate.core.graph import Reference
    from headgate.core.ports.engine import Engine

_MISSING = re.compile(r'Table with name (\S+) does not exist|relation "(?:.*\.)?([^".]+)" does not exist')
_PHYSICAL = re.compile(r"__[0-9a-f]{16}$")


@contextmanager
def asking(session: Session, environment: str, query: str) -> Iterator[tuple[Engine, str]]:
    """Give the engine and the text of ``query`` over what the environment shows now, without a ``;`` at its end.

    ``staging.flights`` means what the environment shows under that address, ``raw.flights`` the capture of that source
    that it was built from. What is refused is ``Refused``, in the engine's words and the repository's names.
    """
    with session.reading() as reading:
        question = question_of(session, reading, environment, query)
    with ExitStack() as held:
        engine = session.engine_for_questions(question.engine, question.files)
        held.callback(engine.close)
        try:
            captured = {address: engine.relation(build.relation) for address, build in question.captures.items()}
            yield engine, _spliced(question.text, question.references, question.views, captured)
        except StatementFailed as error:
            if _is_lost(str(error), question.references):
                raise _lost(question.references, environment) from error
            raise Refused([_fault(error, query, question.names())]) from error
        except Unanswered:
            held.pop_all()  # to close the engine would wait for the query
            raise


def _spliced(query: str, references: tuple[Reference, ...], views: Views, captured: Mapping[Address, str]) -> str:
    """Return the query over views and captures; a capture, whose name is a made-up one, keeps that of its source."""
    from headgate.sql.bind import quoted

    for reference in reversed(references):
        text = captured.get(reference.address)
        if text is None:
            text = views.relation(reference.address)
        elif reference.is_column:
            text = quoted(reference.alias)
        elif reference.alias:
            text += f" as {quoted(reference.alias)}"
        query = query[: reference.start] + text + query[reference.end :]
    return query


def _is_lost(message: str, references: tuple[Reference, ...]) -> bool:
    """Tell whether what the engine does not find is a view that was asked for, or a physical table."""
    missing = _MISSING.search(message)
    if missing is None:
        return False
    name = missing[1] or missing[2]
    return name in {split(r.address)[1] for r in references} or bool(_PHYSICAL.search(name))


def _lost(references: tuple[Reference, ...], environment: str) -> EnvironmentFailed:
    """Return the error of a query that names only what is shown, and of which the engine lacks something."""
    named = listed(sorted({reference.address for reference in references}))
    text = f"{environment} shows {named}, but a view or a table of that is gone from the warehouse"
    return EnvironmentFailed(text, code="HG508", hint="Look: headgate doctor")


_NO_FILE = re.compile(r"Cannot access file|No files found|Cannot open file")
_OF_FILES = "A view reads files where they lay when it was published. Look: headgate doctor"


def _fault(error: StatementFailed, query: str, names: Mapping[str, str]) -> Diagnostic:
    """Return the engine's words with the repository's names in place of those in the engine."""
    detail = str(error)
    for name, given in names.items():
        detail = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", given, detail)
    lines = query.split("\n")
    is_placed = 0 < error.line <= len(lines)
    return Diagnostic(
        "HG601",
        "the engine refused the query",
        Place("query", error.line) if is_placed else None,
        detail=detail,
        hint=_OF_FILES if _NO_FILE.search(detail) else "",
        excerpt=lines[error.line - 1] if is_placed else "",
    )
