"""Names of assets and sources in property files: ``marts.x``, ``ref('x')``, ``source('a', 'b')``, also in braces."""

from __future__ import annotations

import re

from headgate.project.pieces import Stated, StatedUse

_CALL = re.compile(r"""(ref|source)\s*\(\s*(['"])(.+?)\2\s*(?:,\s*(['"])(.+?)\4\s*)?\)""")


def reference_of(text: Stated) -> StatedUse | None:
    """Return what a text names, called or plainly written; None where it can name nothing."""
    called = call_of(text)
    name = text.value.strip()
    return (
        called
        if called or not re.fullmatch(r"[^\s.'\"(){}]+(\.[^\s.'\"(){}]+)?", name)
        else StatedUse(name, (), text.place)
    )


def call_of(text: Stated) -> StatedUse | None:
    """Return what a call of ``ref`` or ``source`` names; None where a text is no such call."""
    call = _CALL.fullmatch(text.value.strip().removeprefix("{{").removesuffix("}}").strip())
    if call is None:
        return None
    first, second = call[3], call[5]
    if call[1] == "source":
        return StatedUse(f"{first}.{second}" if second else first, (), text.place)
    return StatedUse(second or first, (), text.place, is_ref=True, before=first if second else "")
