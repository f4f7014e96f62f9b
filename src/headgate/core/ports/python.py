"""The port of what calls people's Python functions: tables in and out as Arrow streams, in a process of its own.

Streams follow the Arrow C stream interface by its capsule protocol: an object with ``__arrow_c_stream__``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from headgate.core.errors import CodeFailed
from headgate.core.python import PythonBody


class ArrowStream(Protocol):
    """A table as a stream of record batches; it can be read once."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the capsule of an ``ArrowArrayStream``."""


class OpenStream(ArrowStream, Protocol):
    """A stream that holds something open until it is closed."""

    def interrupt(self) -> None:
        """Make whoever reads it, in another thread, fail soon; harmless where nobody does."""

    def close(self) -> None:
        """Let go, whether all was read or not, once nobody reads it any more; may be repeated."""


class Call(Protocol):
    """One running call. The worker ends when the call is closed, whatever it does then."""

    def result(self) -> ArrowStream:
        """Return what the function gives, once its first piece is there; reading raises where the call fails.

        Raises ``CodeFailed``. A stream that ended without an error is whole: the worker has said how many rows it gave.
        """

    def failure(self) -> CodeFailed | None:
        """Return why the call failed, or None where it did not."""

    def printed(self) -> str:
        """Return what the function printed, of a long text its beginning and its end."""

    def close(self) -> None:
        """End the worker and let go of everything; may be repeated."""


class PythonRunner(Protocol):
    """Starts calls. Its methods may be called from several threads."""

    def start(self, body: PythonBody, inputs: Mapping[str, ArrowStream]) -> Call:
        """Begin to call the function with a stream for each parameter. Cost: the start of an interpreter, 0.1 s."""

    def interrupt(self) -> None:
        """End all calls that run; each fails. From any thread."""
