"""Values of dbt's YAML that hold Jinja: filled in once, where that needs the project's own variables alone.

Only what cannot do any harm is filled in: variables, the target, comparisons, choices and a few filters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

_LENGTH_MAX = 4_000
_FUNCTIONS = ("dict", "env_var", "var")
_FILTERS = ("as_bool", "as_native", "as_number", "as_text", "default", "lower", "string", "trim", "upper")
_PARTS = frozenset(
    {
        "And", "Call", "Compare", "Concat", "CondExpr", "Const", "Dict", "Filter", "Getattr", "Getitem", "Keyword",
        "List", "Name", "Not", "Operand", "Or", "Output", "Pair", "Template", "TemplateData", "Tuple",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Values:
    """Fills values in. ``target`` is what the profile says of itself."""

    variables: Mapping[str, Any]
    target: Mapping[str, str]

    def of(self, value: Any) -> Any:
        """Return a value with its Jinja filled in; a text that needs more than variables stays as it is.

        >>> Values({"raw": "shop"}, {}).of("{{ var('raw') }}_{{ env_var('SUFFIX', 'x') }}")
        'shop_x'
        """
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if isinstance(value, dict):
            return {key: self.of(item) for key, item in value.items()}
        if not isinstance(value, str) or "{{" not in value or len(value) > _LENGTH_MAX:
            return value
        return self._filled(value)

    def _filled(self, text: str) -> Any:
        from jinja2 import TemplateError, Undefined, nodes

        environment = _environment()
        try:
            tree = environment.parse(text)
            if not all(_is_harmless(node, nodes) for node in tree.find_all(nodes.Node)):
                return text
            known = {"dict": dict, "env_var": _env_var, "target": dict(self.target), "var": self._var}
            filled = environment.from_string(text).render(known)
        except (TemplateError, LookupError, TypeError, ValueError, RecursionError):
            return text
        return text if isinstance(filled, Undefined) else filled

    def _var(self, name: str, default: Any = None) -> Any:
        if name not in self.variables and default is None:
            raise LookupError(name)
        return self.variables.get(name, default)


def _is_harmless(node: Any, nodes: Any) -> bool:
    if isinstance(node, nodes.Call):
        return isinstance(node.node, nodes.Name) and node.node.name in _FUNCTIONS
    if isinstance(node, nodes.Filter):
        return node.name in _FILTERS
    return type(node).__name__ in _PARTS


@cache
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.nativetypes import NativeEnvironment
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment, NativeEnvironment):
        """Gives values of Python, and a way to none of its workings."""

    environment = Sandbox(undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters.update(dict.fromkeys(("as_bool", "as_native", "as_number", "as_text"), lambda value: value))
    return environment


def _env_var(name: str, default: str | None = None) -> str:
    """Return the default: what the environment of this moment says is nobody's declaration."""
    if default is None:
        raise LookupError(name)
    return default
