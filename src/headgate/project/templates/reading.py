"""A template's text to Jinja's tree, in which every part knows the character that it begins on.

Jinja's parser hands on, without looking at it, the number of the line that its lexer gives for each part. Our lexer
gives it the character instead. Jinja's compiler is never used.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Lexer
from jinja2.parser import Parser

from headgate.core.diagnostic import Diagnostic
from headgate.core.template import place_of
from headgate.project.templates.limits import TEMPLATE_CHARACTERS_MAX, TOKENS_MAX
from headgate.project.text import Text

_LEFT_OUT = ("test", "data_test", "docs")
"""Blocks of macro files that are passed over: nothing calls them by name."""

_NOT_HERE = ("snapshot", "materialization")


class Unreadable(Exception):
    """The text is no template; ``offset`` is the character at fault."""

    def __init__(self, summary: str, offset: int, hint: str = "", *, code: str = "HG220") -> None:
        super().__init__(summary)
        self.summary = summary
        self.offset = offset
        self.hint = hint
        self.code = code

    def diagnostic(self, source: Text) -> Diagnostic:
        """Return what is told of it."""
        place = place_of(source.text, source.path, self.offset, 1)
        return Diagnostic(self.code, self.summary, place, self.hint, "", source.excerpt(place))


class Tree:
    """A template that was read: its text, its statements, and where its tags begin."""

    __slots__ = ("body", "source", "tags")

    def __init__(self, source: Text, body: list[nodes.Node], tags: list[int]) -> None:
        self.source = source
        self.body = body
        self.tags = tags
        """Where each ``{{`` begins, and where what it holds ends, one behind the other."""


def read_template(source: Text) -> Tree:
    """Return the tree of a template; raise ``Unreadable`` where it is none.

    Cost: 0.7 ms for 30 lines. It is bounded by the length of the text and its number of parts; what is nested too
    deeply for Jinja's parser is refused.
    """
    text = source.text
    if len(text) > TEMPLATE_CHARACTERS_MAX:
        summary = f"the template has {len(text):,} characters, more than {TEMPLATE_CHARACTERS_MAX:,}"
        raise Unreadable(summary, 0, "Split it.", code="HG224")
    if "\r" in text:
        raise Unreadable("a carriage return stands alone", text.index("\r"), "End lines with a line feed.")
    environment = _environment()
    lexer = environment.lexer
    lexer.begin(text)
    try:
        with warnings.catch_warnings():  # of escapes in texts that Python does not know
            warnings.simplefilter("ignore")
            body = Parser(environment, text).subparse()  # what parse() does more is for the compiler
    except TemplateSyntaxError as error:
        raise _told(error, lexer, text) from None
    except RecursionError:
        raise Unreadable("the template is nested too deeply", lexer.at, "Split it.", code="HG224") from None
    except ValueError:
        raise Unreadable("a number is too long", lexer.at, "Numbers of templates have up to 300 digits.") from None
    return Tree(source, body, lexer.tags)


class _PlacingLexer(Lexer):
    """Jinja's lexer, which gives the character instead of the line. One text at a time."""

    def begin(self, text: str) -> None:
        """Make ready for a text."""
        self.text = text
        self.at = 0
        self.tags: list[int] = []

    def tokeniter(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> Iterator[tuple[int, str, str]]:
        """Yield the character, the kind and the text of each part.

        The parts stand one behind the other, but for white space that ``{%-`` takes away.
        """
        end = 0
        for number, (_, kind, value) in enumerate(super().tokeniter(source, name, filename, state)):
            if number > TOKENS_MAX:
                raise TemplateSyntaxError(f"more than {TOKENS_MAX:,} parts", self.at)
            start = end
            while not self.text.startswith(value, start):
                if not self.text[start].isspace():
                    raise AssertionError("a part of the template is not where the one before it ends")
                start += 1
            self.at, end = start, start + len(value)
            if kind in ("variable_begin", "variable_end"):
                self.tags.append(start if kind == "variable_begin" else start + len(value.rstrip()))
            yield start, kind, value


class _Passed(Extension):
    """Reads blocks that macro files may hold beside macros."""

    tags = {*_LEFT_OUT, *_NOT_HERE}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """Return nothing for a block that is passed over; raise for one that this version does not have."""
        token = next(parser.stream)
        if token.value in _NOT_HERE:
            parser.fail(f"{token.value} blocks are not supported in this version", token.lineno)
        while parser.stream.current.type != "block_end":
            next(parser.stream)
        parser.parse_statements((f"name:end{token.value}",), drop_needle=True)
        return []


class _Environment(Environment):
    """An environment that only parses."""

    def __init__(self) -> None:
        super().__init__(
            keep_trailing_newline=True, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", _Passed], cache_size=0
        )
        self.placing = _PlacingLexer(self)

    @property
    def lexer(self) -> _PlacingLexer:
        """Ours."""
        return self.placing


@cache
def _environment() -> _Environment:
    return _Environment()


def _told(error: TemplateSyntaxError, lexer: _PlacingLexer, text: str) -> Unreadable:
    """Return what is told of a fault. The lexer's own faults count lines, so they stand where it was."""
    summary = str(error.message or "it cannot be read").rstrip(".")
    char = _AT.search(summary)
    if char is not None:
        summary, offset = summary[: char.start()], int(char[1])
    elif summary.lower().startswith("unexpected end of template"):
        offset = lexer.tags[-1] if len(lexer.tags) % 2 else lexer.at
    else:
        offset = lexer.at if _is_of_lexer(error) else error.lineno
    code = "HG224" if summary.endswith(" parts") else "HG220"
    first, _, rest = summary.partition(". ")
    named = first.split("'")[1] if first.startswith("Encountered unknown tag") else ""
    return Unreadable(_plain(first), min(offset, max(len(text) - 1, 0)), _HINTS.get(named, _plain(rest)), code=code)


def _is_of_lexer(error: TemplateSyntaxError) -> bool:
    """Tell whether Jinja's own lexer raised it, below ours."""
    trace: Any = error.__traceback__
    names = []
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return names.count("tokeniter") > 1


def _plain(summary: str) -> str:
    """Return a message of Jinja's in the manner of ours."""
    for theirs, ours in _WORDS:
        summary = summary.replace(theirs, ours)
    return summary[:1].lower() + summary[1:]


_AT = re.compile(r" at (\d+)$")
_WORDS = (
    ("Encountered unknown tag", "there is no tag"),
    ("Jinja was looking for the following tags:", "It lacks"),
    ("The innermost block that needs to be closed is", "the block that is open is"),
    ("'end of print statement'", "}}"),
    ("'end of statement block'", "%}"),
    ("'begin of statement block'", "{%"),
    ("'begin of print statement'", "{{"),
)
_HINTS = {
    "import": "Macros of the folder macros/ are called by their names.",
    "statement": "A template is filled in before anything is built: it has no results of queries.",
}
