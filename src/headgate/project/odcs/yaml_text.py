"""Contracts as YAML texts."""

from __future__ import annotations

from typing import Any

from headgate.project.yaml_nodes import Scalar, value_of

_WIDTH = 120
_SHORT = 80
"""A list of so many characters stands on one line."""


def yaml_text(body: Any) -> str:
    """Return plain values as a YAML text that reads back as the same values, whoever reads it."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Lists stand further in than their key, as people write them; nothing is an alias."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, ARG002
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    Dumper.add_representer(str, _represented)
    Dumper.add_representer(list, _listed)
    return yaml.dump(body, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


def _listed(dumper: Any, items: list[Any]) -> Any:
    """Represent a list: on one line where it is one of a few words and numbers."""
    is_short = not any(isinstance(one, list | dict) for one in items) and len(str(items)) <= _SHORT
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=is_short)


def _represented(dumper: Any, text: str) -> Any:
    """Represent a text: in quotes where our own reader would take it for something else."""
    is_plain = value_of(Scalar(text, True, ("", 0, 0, 0))) == text
    style = "|" if "\n" in text and text.isprintable() is False and _is_block(text) else None if is_plain else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_block(text: str) -> bool:
    """Tell whether a text of several lines stands well as they are."""
    return all(line.isprintable() and line == line.rstrip() for line in text.split("\n")) and not text.startswith(" ")
