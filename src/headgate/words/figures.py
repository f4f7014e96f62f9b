"""Numbers and times as people read them."""

from __future__ import annotations

from headgate.core.address import environment_schema


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    >>> counted(1, "asset"), counted(1200, "asset")
    ('1 asset', '1,200 assets')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def made_text(builds: int, views: int, *, word: str = "") -> str:
    """Return how many tables are built and how many views are bound, which takes no time and has no line of its own.

    >>> made_text(2, 0), made_text(1, 3, word="new"), made_text(0, 1)
    ('2 builds', '1 new build and 3 new views', '1 view')
    """
    before = f"{word} " if word else ""
    parts = [counted(builds, f"{before}build")] if builds or not views else []
    parts += [counted(views, f"{before}view")] if views else []
    return " and ".join(parts)


def seconds_text(seconds: float) -> str:
    """Return a duration.

    >>> seconds_text(0.083), seconds_text(1.62), seconds_text(75)
    ('0.08 s', '1.6 s', '1 min 15 s')
    """
    if seconds < 0.1:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def duration_text(seconds: int) -> str:
    """Return a duration in the largest unit that it is a whole number of.

    >>> duration_text(604_800), duration_text(129_600), duration_text(90)
    ('7 days', '36 hours', '90 seconds')
    """
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % unit == 0:
            return counted(seconds // unit, name)
    return counted(seconds, "second")


def milliseconds_text(seconds: float) -> str:
    """Return a short duration: ``9 ms``; above a second as ``seconds_text``."""
    return f"{max(1, round(seconds * 1000))} ms" if seconds < 1 else seconds_text(seconds)


def rows_text(rows: int) -> str:
    """Return a rough number of rows.

    >>> rows_text(950), rows_text(673_552)
    ('950 rows', '0.7 M rows')
    """
    if rows >= 100_000:
        return f"{rows / 1e6:,.1f} M rows"
    return counted(rows, "row")


def bytes_text(size: int) -> str:
    """Return a rough size.

    >>> bytes_text(900), bytes_text(9_400_000)
    ('1 kB', '9 MB')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:,.{1 if size < 10 * factor and unit == 'GB' else 0}f} {unit}"
    return f"{max(1, round(size / 1000)) if size else 0} kB"


def age_text(seconds: float | None) -> str:
    """Return how long ago something was.

    >>> age_text(5), age_text(150), age_text(90_000), age_text(None)
    ('just now', '2 min ago', '25 h ago', '')
    """
    if seconds is None:
        return ""
    for limit, unit, name in ((60, 0, ""), (3600, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{int(seconds // unit)} {name} ago" if unit else "just now"
    return f"{int(seconds // 86_400)} days ago"


def time_text(at: str) -> str:
    """Return a recorded time to the minute.

    >>> time_text("2026-11-21T02:06:11.123456Z")
    '2026-11-21 02:06 UTC'
    """
    return f"{at[:16].replace('T', ' ')} UTC"


def renamed_row(environment: str, *, becomes_bare: bool | None) -> list[tuple[str, ...]]:
    """Return the row of a plan that says what becomes of the names of an environment's schemas; none where they stay.

    >>> renamed_row("dev", becomes_bare=True)
    [('rename', 'its schemas', 'lose the suffix __dev: bare_schemas says so')]
    """
    if becomes_bare is None:
        return []
    suffix = environment_schema("", environment, bare=False)
    return [("rename", "its schemas", f"{'lose' if becomes_bare else 'get'} the suffix {suffix}: bare_schemas says so")]
