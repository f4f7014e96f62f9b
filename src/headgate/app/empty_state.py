"""The state of a project of which nothing was ever written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from headgate.core.ports.store import Lease
    from headgate.core.records import Event


class EmptyReading:
    """What there is to read before anything was written."""

    def get(self, collection: str, keys: Iterable[str]) -> Mapping[str, str]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def scan(self, collection: str, prefix: str = "") -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """Yield nothing."""
        return iter(())

    def events(self, after: int = 0) -> Iterator[Event]:  # noqa: ARG002
        """Yield nothing."""
        return iter(())

    def last_event(self) -> Event | None:
        """Return None: nothing has happened."""
        return None

    def lease(self, resource: str) -> Lease | None:  # noqa: ARG002
        """Return None: nobody holds anything."""
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
