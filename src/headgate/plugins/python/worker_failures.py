"""A failure of people's code, cut to the frames that are theirs."""

from __future__ import annotations

import os
import traceback
from typing import Any

from headgate.plugins.python.worker_guard import Changed, Closed
from headgate.plugins.python.worker_results import NotATable

_MESSAGE_CHARACTERS_MAX = 2000
_MESSAGE_LINES_MAX = 5
_FRAMES_MAX = 10


def told_of(error: BaseException, request: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of an error: kind, message, hint, and the user's frames, outermost first."""
    frames = _own_frames(error, request["root"])
    if isinstance(error, Changed):
        return {"kind": "changed", "message": str(error), "hint": "", "frames": []}
    if isinstance(error, NotATable):
        message, _, hint = str(error).partition("\n")
        return {"kind": "result", "message": message, "hint": hint, "frames": []}
    return {
        "kind": "raised",
        "message": _message(error),
        "hint": _hint(error, request),
        "frames": frames[-_FRAMES_MAX:],
    }


def _message(error: BaseException) -> str:
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    name = kind.__name__ if package in ("builtins", "headgate") else f"{package} {kind.__name__}"
    text = "\n".join(line for line in str(error).strip().split("\n\n")[0].splitlines()[:_MESSAGE_LINES_MAX])
    if isinstance(error, KeyError):
        text = f"no key {text}"
    return f"{name}: {text}"[:_MESSAGE_CHARACTERS_MAX] if text else name


def _hint(error: BaseException, request: dict[str, Any]) -> str:
    if isinstance(error, Closed) and "network" not in str(error):
        return "Make it a seed or a source and name it in `inputs`, or put what it says into a module."
    if isinstance(error, ModuleNotFoundError) and error.name:
        if error.name in ("lib", "src"):
            return f"Modules are looked for in {error.name}/, it is no package itself: leave `{error.name}.` out."
        inside = error.name.replace(".", os.sep)
        for folder in ("lib", "src", ""):
            if any(os.path.exists(os.path.join(request["root"], folder, inside + end)) for end in (".py", "")):
                return "It is in the repository, but no import that can be read names it: write `import NAME`."
        return f"Install it where Headgate is installed: pip install {error.name.partition('.')[0]}"
    return ""


def _own_frames(error: BaseException, root: str) -> list[dict[str, Any]]:
    top = os.path.join(root, "")
    found = [
        _frame(frame.filename.removeprefix(top), frame.lineno, frame.name)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(top)
    ]
    if not found and isinstance(error, SyntaxError) and error.filename and error.filename.startswith(top):
        found.append(_frame(error.filename.removeprefix(top), error.lineno, ""))
    return found


def _frame(path: str, line: int | None, function: str) -> dict[str, Any]:
    return {"path": path, "line": line or 0, "function": function}
