"""The worker: one process, one call. ``python -m headgate.plugins.python.worker`` reads what to do from its input.

It gets the request as one line of JSON, the tables through pipes whose numbers stand in the request, and gives the
result through another; its last word goes to the report's pipe. It ends as soon as its standard input does, since that
is when its parent has ended.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any


def main() -> int:
    """Carry out one call; return the process's exit status: 0 where the report says that it is done."""
    request: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    _be_killed_with_parent(request["parent"])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    report = os.fdopen(request["report"], "w", encoding="utf-8")
    try:
        told = _call(request)
    except BaseException as error:  # whatever people's code raises, SystemExit included
        from headgate.plugins.python.worker_failures import told_of

        told = {"failed": told_of(error, request)}
    sys.stdout.flush()
    sys.stderr.flush()
    report.write(json.dumps(told))
    report.close()
    # Threads of libraries, and exit handlers, are not waited for: everything that counts has been said.
    os._exit(0 if "done" in told else 1)


def _be_killed_with_parent(parent: int) -> None:
    """Ask Linux for it: a long computation in C lets no other thread of ours look whether the parent is there."""
    if sys.platform == "linux":
        import ctypes
        import signal

        pr_set_pdeathsig = 1  # prctl(2)
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(70)


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(70)


def _call(request: dict[str, Any]) -> dict[str, Any]:
    from headgate.plugins.python.worker_guard import close_all_but, install_modules
    from headgate.plugins.python.worker_results import write_result
    from headgate.plugins.python.worker_tables import received

    install_modules(request["root"], dict(request["modules"]))
    close_all_but(request["root"], set(dict(request["modules"])), is_networked=request["network"])
    function = _function(request["module"], request["function"])
    memory = request["memory"]
    tables = {one["parameter"]: received(one["form"], one["fd"], one["parameter"], memory) for one in request["inputs"]}
    result = function(**tables)
    rows = write_result(result, request["result"])
    return {"done": rows}


def _function(module: str, name: str) -> Callable[..., Any]:
    from importlib import import_module

    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


if __name__ == "__main__":
    sys.exit(main())
