"""What stands behind a decorated function: all that can change what it returns, as one digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headgate.core.declarations import File
from headgate.core.diagnostic import Diagnostic, Place, Severity
from headgate.core.hashing import digest
from headgate.core.python import PythonDeclaration
from headgate.project.pieces import Piece, PythonFunction
from headgate.project.python.interpreter import interpreter_identity
from headgate.project.python.modules import Modules
from headgate.project.text import Text
from headgate.project.walk import LOCK_FILES


class PythonCode:
    """The Python files of a repository. ``faults`` are those that no single file shows."""

    def __init__(self, pieces: Sequence[Piece], files: Mapping[str, File], environ: Mapping[str, str]) -> None:
        texts = {p.path: Text(p.path, p.text) for p in pieces if p.path.endswith(".py")}
        self._modules = Modules(texts)
        self._texts = texts
        self._files = files
        self._environ = environ
        self.faults: list[Diagnostic] = []
        self._locks = tuple((path, files[path].digest) for path in LOCK_FILES if path in files)
        used = sorted(p.path for p in pieces if p.functions)
        if used and not self._locks:
            summary = "no lock file says which versions of libraries the Python assets use"
            hint = f"Keep one of {', '.join(LOCK_FILES)} in the repository: then an upgrade rebuilds what uses it."
            self.faults.append(Diagnostic("HG335", summary, Place(used[0]), hint, severity=Severity.WARNING))

    def of(self, piece: Piece) -> PythonDeclaration:
        """Return what one function declares; ``piece`` holds it alone."""
        (function,) = piece.functions
        paths = self._modules.reached(piece.path)
        modules = tuple((path, self._files[path].digest) for path in paths if path in self._files)
        meant = tuple((path, self._modules.digest(path)) for path in paths[1:])
        values = tuple((one.value, self._value(function, one.value, one.place)) for one in function.variables)
        written = digest("python code", function.code, meant, self._locks)
        return PythonDeclaration(
            function=function.name,
            inputs=function.inputs,
            code=digest("python code here", written, interpreter_identity(), values),
            written=written,
            modules=modules,
            variables=tuple(one.value for one in function.variables),
            is_deterministic=function.is_deterministic,
            is_networked=function.is_networked,
            reads=function.reads,
            row_reads=function.row_reads,
            limits=function.limits,
            line=function.place.line,
        )

    def _value(self, function: PythonFunction, name: str, place: Place) -> str:
        if name in self._environ:
            return self._environ[name]
        hint = f"Set it: export {name}=..., or take it out of `variables`."
        excerpt = self._texts[place.path].excerpt(place)
        summary = f"the environment variable {name} of {function.name} is not set"
        self.faults.append(Diagnostic("HG334", summary, place, hint, excerpt=excerpt))
        return ""
