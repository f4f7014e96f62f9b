"""What a Python file of the repository imports of the repository, however far, found in the texts.

A module is looked for where the worker looks: in ``lib/``, in ``src/``, then from the root (``assets.marts.rates``).
What an import might mean counts, also inside of functions; what is imported by a text made at run time is not found
here, and the worker refuses to load it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headgate.core.hashing import Digest
from headgate.core.python import MODULE_ROOTS, module_name
from headgate.project.python.code import module_digest
from headgate.project.python.files import parsed
from headgate.project.text import Text


@dataclass(frozen=True, slots=True)
class _Module:
    digest: Digest
    imports: tuple[str, ...]


class Modules:
    """The repository's Python files by path. ``texts`` are those that can be read; each is parsed once, when needed."""

    def __init__(self, texts: Mapping[str, Text]) -> None:
        self._texts = texts
        self._known: dict[str, _Module] = {}

    def reached(self, path: str) -> tuple[str, ...]:
        """Return the files that importing ``path`` may load, itself first, the others sorted."""
        seen = {path}
        waiting = [path]
        while waiting:
            for one in self._module(waiting.pop()).imports:
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return (path, *sorted(seen - {path}))

    def digest(self, path: str) -> Digest:
        """Return what a whole module means."""
        return self._module(path).digest

    def _module(self, path: str) -> _Module:
        found = self._known.get(path)
        if found is None:
            text = self._texts[path]
            tree = parsed(Text(path, text.text))  # its faults are told where it is declared, or when it is imported
            if tree is None:
                found = _Module(module_digest(ast.Module([], []), "__file__" + text.text), ())
            else:
                imports = dict.fromkeys(self._files_of(name) for name in _named(tree, path))
                around = self._packages(path)
                found = _Module(
                    module_digest(tree, text.text), tuple(one for one in (*imports, *around) if one and one != path)
                )
            self._known[path] = found
        return found

    def _files_of(self, name: str) -> str:
        """Return the file of a module, or nothing where it is not the repository's."""
        inside = name.replace(".", "/")
        for root in MODULE_ROOTS:
            for end in (".py", "/__init__.py"):
                if f"{root}{inside}{end}" in self._texts:
                    return f"{root}{inside}{end}"
        return ""

    def _packages(self, path: str) -> Iterator[str]:
        """Yield the ``__init__.py`` files around a file: they are run before it."""
        folder = path.rpartition("/")[0]
        while folder:
            if f"{folder}/__init__.py" in self._texts:
                yield f"{folder}/__init__.py"
            folder = folder.rpartition("/")[0]


def _named(tree: ast.Module, path: str) -> Iterator[str]:
    """Yield every dotted name that an import of the module might load, packages before what is in them."""
    own = module_name(path).split(".")
    package = own if path.endswith("/__init__.py") else own[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _steps(alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            names = [*base, *(node.module.split(".") if node.module else ())]
            yield from _steps(names)
            yield from (".".join([*names, alias.name]) for alias in node.names)


def _steps(parts: list[str]) -> Iterator[str]:
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
