"""What people's code may see: the modules that its recipe names, as the recipe means them, and no network.

This keeps honest code honest: what would not be noticed when it changes cannot be used. It is no jail for hostile code,
which runs with the rights of whoever runs Headgate; libraries that read files without Python are not watched.
"""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any

from headgate.core.python import module_name

_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind")

_FILES = ("open", "os.listdir", "os.scandir")


class Changed(Exception):
    """A module is not the one that the plan was made with."""


class Closed(PermissionError):
    """The code asked for something that its asset does not declare."""


def install_modules(root: str, modules: Mapping[str, str]) -> None:
    """Let the repository's modules be imported from ``modules`` (path to digest) alone, compiled from what is there.

    Compiled files are not used for them: those are found by time stamps, which may lie. Their ``__file__`` is below the
    working directory, where nothing lies: a library that reads without Python finds no file of the repository there.
    """
    sys.meta_path.insert(0, _Finder(root, {module_name(path): (path, value) for path, value in modules.items()}))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, root: str, modules: Mapping[str, tuple[str, str]]) -> None:
        self._root = root
        self._modules = modules

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where a module of the repository is; a folder without ``__init__.py`` is a package, too."""
        found = self._modules.get(fullname)
        if found is None:
            if not any(name.startswith(f"{fullname}.") for name in self._modules):
                return None
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        file = os.path.join(self._root, found[0])
        loader = _Loader(file, found[0], found[1])
        told = loader.get_filename(fullname)
        spec = importlib.machinery.ModuleSpec(fullname, loader, origin=told, is_package=file.endswith("/__init__.py"))
        spec.has_location = True
        return spec


class _Loader(importlib.abc.SourceLoader):
    def __init__(self, file: str, path: str, digest: str) -> None:
        self._file = file
        self._path = path
        self._digest = digest

    def get_filename(self, _fullname: str) -> str:
        """Return what the module is told to be its file."""
        return os.path.join(os.getcwd(), self._path)

    def source_to_code(self, data: Any, _path: Any = "", *, _optimize: int = -1) -> CodeType:  # type: ignore[override]
        """Return the compiled text, with its real file for tracebacks."""
        return super().source_to_code(data, self._file)

    def get_data(self, _path: str | bytes) -> bytes:
        """Return the text; raise ``Changed`` where it is not the planned one."""
        with open(self._file, "rb") as file:
            content = file.read()
        if not self._digest.endswith(f":{hashlib.sha256(content).hexdigest()}"):
            raise Changed(self._path)
        return content


def close_all_but(root: str, modules: set[str], *, is_networked: bool) -> None:
    """Refuse files of the repository other than ``modules``, its folders, and, unless it is declared, the network."""
    top = os.path.join(os.path.realpath(root), "")
    allowed = {os.path.realpath(os.path.join(root, path)) for path in modules}
    own = {sys.prefix, sys.base_prefix, os.getcwd()}
    free = tuple(os.path.join(os.path.realpath(path), "") for path in own)
    here = os.path.join(os.path.realpath(os.getcwd()), "")

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _FILES and arguments and isinstance(arguments[0], (str, bytes)):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            is_made = event == "open" and bool(arguments[2] & os.O_CREAT)
            if (
                path.startswith(here) and not is_made and not os.path.exists(path)
            ):  # beside the ``__file__`` of a module
                path = top + path.removeprefix(here)
                is_meant = os.path.exists(path)
            else:
                is_meant = path.startswith(top) and not path.startswith(free)
            if is_meant and path not in allowed:
                raise Closed(f"{path.removeprefix(top)} of the repository is not among its inputs")
        elif event in _NETWORK and not is_networked:
            raise Closed("the network is closed; `network=True` in the decorator opens it")

    sys.addaudithook(look)
