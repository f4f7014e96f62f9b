"""Builds that the state has: looked up together, read from their stored form when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headgate.core.address import Address
from headgate.core.build_forms import build_from_json
from headgate.core.json_form import loads
from headgate.core.records import Build


class Builds(Mapping[Address, Build]):
    """Builds by address, to which more are added. A kept build that nobody asks for is never parsed."""

    def __init__(self, texts: Mapping[Address, str]) -> None:
        self._builds: dict[Address, Build | str] = dict(texts)

    def __getitem__(self, address: Address) -> Build:
        build = self._builds[address]
        if isinstance(build, str):
            build = self._builds[address] = build_from_json(loads(build))
        return build

    def __iter__(self) -> Iterator[Address]:
        return iter(self._builds)

    def __len__(self) -> int:
        return len(self._builds)

    def __contains__(self, address: object) -> bool:
        return address in self._builds

    def add(self, build: Build, address: Address) -> None:
        """Make ``build`` the one of ``address``."""
        self._builds[address] = build

    def without(self, addresses: frozenset[Address]) -> Builds:
        """Return these builds but for those of ``addresses``."""
        rest = Builds({})
        rest._builds = {a: b for a, b in self._builds.items() if a not in addresses}
        return rest
