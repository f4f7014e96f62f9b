"""Contracts of the Open Data Contract Standard, out of a repository and into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.api.shown import WIDTH, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.app import contracts
    from headgate.app.contracts import GivenUpTest, WrittenFile
    from headgate.app.import_source import LeftOut
    from headgate.core.address import Address


@dataclass(frozen=True, slots=True, repr=False)
class Contract(Shown):
    """What assets promise, as a contract of the Open Data Contract Standard 3.1.

    >>> import headgate
    >>> contract = headgate.open().contract("revenue")
    >>> contract.id, contract.assets, contract.document["status"]
    ('marts.revenue', ('marts.revenue',), 'draft')
    """

    _contract: contracts.ExportedContract

    @property
    def id(self) -> str:
        """Its identifier."""
        return self._contract.id

    @property
    def assets(self) -> tuple[Address, ...]:
        """Whose contract it is."""
        return self._contract.assets

    @property
    def document(self) -> Mapping[str, Any]:
        """All of it, as plain values."""
        return self._contract.document

    @property
    def text(self) -> str:
        """All of it, as YAML."""
        return self._contract.text

    def save(self, path: str | Path) -> None:
        """Write it into a file."""
        from headgate.app.contracts import write_contracts

        write_contracts((self._contract,), Path(path), is_one=True)

    def _lines(self) -> list[str]:
        return self.text.rstrip("\n").split("\n")

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import lines

        return (lines(self._lines()),)


@dataclass(frozen=True, slots=True, repr=False)
class ContractImport(Shown):
    """What an import of a contract declares, and whether that was written.

    >>> import headgate
    >>> project = headgate.open()
    >>> with open("theirs.yaml", "w") as file:
    ...     length = file.write(project.contract("revenue").text.replace("draft", "active"))
    >>> found = project.import_contract("theirs.yaml")
    >>> found.id, found.is_written, [file.path for file in found.files]
    ('marts.revenue', False, ['assets/marts/revenue.yml'])
    """

    _made: contracts.ImportedContract
    is_written: bool

    @property
    def id(self) -> str:
        """The identifier of the contract."""
        return self._made.id

    @property
    def assets(self) -> tuple[Address, ...]:
        """Whose contract it is."""
        return self._made.assets

    @property
    def files(self) -> tuple[WrittenFile, ...]:
        """The property files that say it, with their texts; none where all was declared already."""
        return self._made.files

    @property
    def replaced(self) -> tuple[Address, ...]:
        """Assets that were described otherwise before."""
        return self._made.replaced

    @property
    def given_up(self) -> tuple[GivenUpTest, ...]:
        """Their data tests that the contract does not ask for: they are gone with what is replaced."""
        return self._made.given_up

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is kept and has no effect."""
        return self._made.left_out

    def _lines(self) -> list[str]:
        from headgate.words.contracts import lines_of_imported

        return list(lines_of_imported(self._made, width=WIDTH, is_written=self.is_written))

    def _parts(self) -> tuple[str, ...]:
        from headgate.api.page import lines

        return (lines(self._lines()),)
