"""Which Python there is: it runs people's functions, so it is a part of what they are."""

from __future__ import annotations

import sys


def interpreter_identity() -> str:
    """Return the implementation, the version and the system: ``cpython 3.11.9 linux``."""
    return f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))} {sys.platform}"
