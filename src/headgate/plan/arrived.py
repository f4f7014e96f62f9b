"""The columns of a source as they come in now, held against those that an environment shows. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from headgate.core.address import fold
from headgate.core.recipe import Shape
from headgate.core.retyping import never_casts

_TEXT = re.compile(r"VARCHAR|TEXT|(BP)?CHAR|CHARACTER( VARYING)?|NAME|JSONB?|ENUM")
_WIDTH_AND_COLLATION = re.compile(r"\(.*\)| COLLATE .*")


@dataclass(frozen=True, slots=True)
class Unlike:
    """A column that is no longer what readers of it go by; ``now`` is empty where it is gone."""

    name: str
    before: str
    now: str = ""


def unlike(before: Shape, now: Shape) -> Iterator[Unlike]:
    """Yield the columns that are gone, that are text and were not ('9' is greater than '10' there), or of another kind.

    Numbers, times and lists are kinds. Columns that are new or wider (BIGINT to DOUBLE), and what becomes of text, are
    no fault. Without ``now`` nothing is known.

    >>> from headgate.core.recipe import Column
    >>> list(unlike((Column("n", "BIGINT"), Column("m", "BIGINT")), (Column("n", "VARCHAR"), Column("M", "DOUBLE"))))
    [Unlike(name='n', before='BIGINT', now='VARCHAR')]
    """
    found = {fold(column.name): column for column in now}
    for column in before if now else ():
        current = found.get(fold(column.name))
        if current is None:
            yield Unlike(column.name, column.type)
        elif never_casts(column.type, current.type) or (is_text(current.type) and not is_text(column.type)):
            yield Unlike(column.name, column.type, current.type)


def is_text(type_: str) -> bool:
    """Tell whether values of a type are told apart and sorted letter by letter, or are JSON, which holds any text.

    >>> is_text("VARCHAR COLLATE NOCASE"), is_text("character varying(9)"), is_text("VARCHAR[]"), is_text("DATE")
    (True, True, False, False)
    """
    return not type_.endswith("]") and bool(_TEXT.fullmatch(_WIDTH_AND_COLLATION.sub("", type_.upper())))
