"""Write the page of the public Python names from their docstrings."""

from __future__ import annotations

import inspect
import re
from types import FunctionType

import headgate

_HEAD = """# Python

`import headgate` gives the names below, and no others are public. They do what the commands of the same names do:
they read the files and the state at each call, raise what a command would tell, and return values that show themselves,
as text with `print` and as HTML in a notebook. [How to work in a notebook](../how-to/notebook.md) begins at the
beginning.

Each example runs in a project called `shop` with a seed `shop.orders` and a table `marts.revenue` that was edited after
it was released."""

_LONG = ("Project", "Relation")
"""The classes whose methods are what people call; of the others the fields are listed."""


def python() -> str:
    """Return the page."""
    parts = [_HEAD]
    for name in sorted(headgate.__all__, key=lambda n: (n != "open", n != "Project", n.casefold())):
        found = getattr(headgate, name)
        parts += [f"## {name}", _signature(name, found), *_described(found)]
        if inspect.isclass(found):
            parts += _methods(name, found) if name in _LONG else _fields(found)
    return "\n\n".join(part for part in parts if part) + "\n"


def _signature(name: str, found: object) -> str:
    if not isinstance(found, FunctionType):
        return ""
    text = str(inspect.signature(found)).replace("(self, ", "(").replace("(self)", "()")
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)  # annotations are texts, defaults stay as they are
    return f"```python\nheadgate.{name}{text}\n```" if "." not in name else f"```python\n{name.lower()}{text}\n```"


def _described(found: object) -> list[str]:
    """Return the docstring, its examples as code."""
    text = inspect.getdoc(found) or ""
    prose, mark, example = text.partition(">>> ")
    prose = re.sub(r"``([^`]+)``", r"`\1`", prose).strip()
    example = re.sub(r"  # doctest: .*", "", f"{mark}{example}")
    return [prose, f"```python\n{example}\n```" if example else ""]


def _methods(name: str, found: type) -> list[str]:
    parts = []
    for method in (m for n, m in vars(found).items() if not n.startswith("_") and isinstance(m, FunctionType)):
        parts += [f"### {name}.{method.__name__}", _signature(f"{name}.{method.__name__}", method), *_described(method)]
    return parts


def _fields(found: type) -> list[str]:
    rows = []
    for name, part in vars(found).items():
        if not name.startswith("_") and isinstance(part, property | FunctionType):
            text = " ".join((inspect.getdoc(part) or "").split()).replace("``", "`").partition(" >>> ")[0]
            rows.append(f"| `{name}{'()' if isinstance(part, FunctionType) else ''}` | {text} |")
    return ["\n".join(["| | |", "|---|---|", *rows])] if rows else []
