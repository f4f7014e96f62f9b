"""What goes wrong while a template is filled in. Whoever raises it need not know where: the work knows its place."""

from __future__ import annotations


class Trouble(Exception):
    """A fault of a template, or of a macro. ``is_told``: it follows from one that was told already."""

    def __init__(self, code: str, summary: str, hint: str = "", *, is_told: bool = False) -> None:
        super().__init__(summary)
        self.code = code
        self.summary = summary
        self.hint = hint
        self.is_told = is_told


class Exceeded(Trouble):
    """A template goes beyond a limit, so that nothing more of it is carried out."""

    def __init__(self, summary: str, hint: str = "") -> None:
        super().__init__("HG224", summary, hint)


def failed(summary: str, hint: str = "") -> Trouble:
    """Return the trouble of something that cannot be carried out as it stands."""
    return Trouble("HG223", summary, hint)


def closed(summary: str, hint: str = "") -> Trouble:
    """Return the trouble of something that templates are not given."""
    return Trouble("HG222", summary, hint)


def unknown(summary: str, hint: str = "") -> Trouble:
    """Return the trouble of a name that there is not."""
    return Trouble("HG221", summary, hint)
