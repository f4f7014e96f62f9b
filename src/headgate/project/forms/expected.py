"""The form of a file of ``changes/``: what a change is expected to do to data, why, and until when that counts."""

from __future__ import annotations

from headgate.core.expected import AMOUNTS, MISSING, NAMED, PLAIN
from headgate.core.gate import Topic
from headgate.project.forms.form import TEXT, TRUTH, Either, Field, Form, Keyed, Number, Several, Words, needing
from headgate.project.toml import keys

DAY = Words("a day such as 2026-12-31", pattern=r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
EFFECT = Number()
"""An effect size."""

SHARE = Words("a share such as 2 %", pattern=keys.SHARE)
WAYS = ("more", "fewer")
"""In which direction a number of rows may go, where only one is meant."""

_ROWS = Words("a share such as 2 %, 2 % more or 2 % fewer", pattern=rf"{keys.SHARE}(?:{'|'.join(WAYS)})?\s*")

MOVED = "moved"
"""The key of an effect size where more is said of the drift of a column."""

SHARES_MISSING = dict(zip(("nulls", "nans"), MISSING, strict=True))
"""The keys of shares of rows without a value, with the measure of each."""

_DRIFT = Keyed(
    "drift of a column",
    {
        MOVED: Field(EFFECT, "How far its values move, an effect size."),
        "nulls": Field(SHARE, "By how many of the rows those with NULL become more or fewer."),
        "nans": Field(SHARE, "The same of rows whose value is no number."),
    },
)
_PATTERN = Words("an asset such as marts.orders, or a pattern such as marts.*", pattern=r"[^\s.]+\.[^\s.]+")
_OF_COLUMNS = (Topic.CHANGED, Topic.DRIFT)


def _form(topic: Topic) -> Form:
    if topic in NAMED:
        return Several(TEXT, takes_one=True)
    if topic in PLAIN:
        return TRUTH
    if topic is Topic.COUNT:
        return _ROWS
    amount = Either((EFFECT, _DRIFT)) if topic is Topic.DRIFT else SHARE
    whole = EFFECT if topic is Topic.DRIFT else SHARE
    return Either((whole, Keyed(f"{topic.value} by column", others=amount))) if topic in _OF_COLUMNS else whole


BOUNDS = Keyed(
    "expected of an asset",
    {topic.value: Field(_form(topic), keys.GATE_TOPICS[topic.value]) for topic in (*AMOUNTS, *NAMED, *PLAIN)},
)

EXPECTED_FILE = Keyed(
    "expected change",
    {
        "why": Field(TEXT, "Why it is expected; it stands in the release."),
        "until": Field(DAY, "The last day on which it counts."),
        "expect": Field(
            Keyed("expected of assets", others=BOUNDS, keys=_PATTERN), "What is expected, by asset: at most so much."
        ),
    },
    needs=needing("why", "until", "expect"),
)
