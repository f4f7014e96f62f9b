"""Tables whose failing rows are set aside: each becomes three assets before it is linked.

What its file says becomes the *unchecked* one. The asset itself and its quarantine read that; what they ask of a row is
known once its columns are, and is then a query like any other. So recipes, reuse, releases and lineage know nothing of
quarantines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from headgate.core.address import Address, fault_in_part, fold, split
from headgate.core.declarations import AssetDeclaration, File, Kind, Properties, SourceDeclaration
from headgate.core.diagnostic import Diagnostic
from headgate.core.hashing import content_digest
from headgate.core.promises import NEVER, QUARANTINE, DeclaredTest
from headgate.core.quarantine import FAILED_TESTS, quarantine_of, unchecked_of
from headgate.core.recipe import Shape

_WHY_NOT = {
    Kind.VIEW: "a view stores no rows, so none can be set aside",
    Kind.SEED: "a seed is a file of the repository: mend the rows there",
    Kind.INCREMENTAL: "an incremental would be sorted anew as a whole at each load",
    Kind.SNAPSHOT: "a snapshot keeps the history of all rows",
}


@dataclass(frozen=True, slots=True)
class Parted:
    """The three assets that a declared one becomes, and the tests that tell its rows apart."""

    unchecked: AssetDeclaration
    published: AssetDeclaration
    quarantine: AssetDeclaration
    tests: tuple[DeclaredTest, ...]

    @property
    def names(self) -> tuple[Address, Address]:
        """The addresses that nobody else may have."""
        return self.unchecked.address, self.quarantine.address

    @property
    def inputs(self) -> tuple[Address, ...]:
        """What the rows are told apart by: themselves, and the assets that tests look at; sorted."""
        others = {address for test in self.tests for address in test.references.values()}
        return tuple(sorted({self.unchecked.address, *others}))

    def faults_in_columns(self, shape: Shape) -> Iterator[Diagnostic]:
        """Yield the fault that the asset has a column called as the one that names failed tests."""
        if FAILED_TESTS in {fold(column.name) for column in shape}:
            summary = f"{self.published.address} has a column {FAILED_TESTS}, which its quarantine adds itself"
            yield _fault(self.tests[0], summary, "Call the column something else.")


def quarantining(properties: Properties) -> tuple[DeclaredTest, ...]:
    """Return the tests of an asset whose failing rows are set aside."""
    return tuple(test for test in properties.tests if test.is_quarantining and test.is_enabled)


def parted(asset: AssetDeclaration) -> Parted | None:
    """Return what an asset becomes; None where it sets nothing aside, or cannot."""
    tests = quarantining(asset.properties)
    if not tests or asset.kind is not Kind.TABLE or asset.is_faulty:
        return None
    said = asset.properties
    others = tuple(test for test in said.tests if test not in tests and test.kind != QUARANTINE)
    aside = quarantine_of(asset.address)
    shown = replace(asset, python=None, template=None, text="")
    # The columns go with the rows that are shown: further down what is protected is protected by lineage.
    beside = Properties(owner=said.owner, group=said.group, place=said.place)
    before = replace(beside, columns=said.columns, tests=(*tests, *_counting(said, aside)), cron=said.cron)
    return Parted(
        replace(asset, address=unchecked_of(asset.address), kind=Kind.UNCHECKED, properties=before),
        replace(shown, properties=replace(said, tests=others, cron="")),
        replace(shown, address=aside, kind=Kind.QUARANTINE, properties=beside),
        tests,
    )


def _counting(said: Properties, aside: Address) -> Iterator[DeclaredTest]:
    """Yield the tests of how many rows are set aside: those that are declared, else one that only tells."""
    found = [test for test in said.tests if test.kind == QUARANTINE and test.is_enabled]
    for test in found or [DeclaredTest(QUARANTINE, warn_if=NEVER, error_if=NEVER)]:
        yield replace(test, references={"to": aside})


def with_text(asset: AssetDeclaration, text: str) -> AssetDeclaration:
    """Return an asset with the query that tells its rows apart; it is known by the query, and stands in its file."""
    content = text.encode()
    return replace(asset, text=text, file=File(asset.file.path, content_digest([content]), len(content)))


def quarantine_faults(
    assets: Iterable[AssetDeclaration], sources: Iterable[SourceDeclaration], by_name: Mapping[str, Address]
) -> Iterator[Diagnostic]:
    """Yield what is wrong with the quarantines that are declared. ``by_name`` are the addresses, folded."""
    for source in sources:
        if tests := quarantining(source.properties):
            hint = f"Write a table that reads {source.address}, and test that."
            yield _fault(tests[0], f"{source.address} is a source, of which nothing is set aside", hint)
    for asset in assets:
        tests = quarantining(asset.properties)
        if not tests:
            continue
        if why := _WHY_NOT.get(asset.kind):
            hint = "" if asset.kind is Kind.SEED else f"Write a table that reads {asset.address}, and test that."
            yield _fault(tests[0], f"{asset.address} can have no quarantine: {why}", hint)
            continue
        yield from _faults_in_names(asset.address, tests[0], by_name.get)


def _faults_in_names(
    address: Address, test: DeclaredTest, known: Callable[[str], Address | None]
) -> Iterator[Diagnostic]:
    for one in (quarantine_of(address), unchecked_of(address)):
        if taken := known(fold(one)):
            summary = f"the quarantine of {address} needs the name {one}, and there is an asset {taken}"
            yield Diagnostic("HG301", summary, test.place, "Give that another name.")
    if fault := fault_in_part(split(unchecked_of(address))[1]):
        yield _fault(test, f"the quarantine of {address} cannot be named: {fault}", "Give the asset a shorter name.")


def _fault(test: DeclaredTest, summary: str, hint: str) -> Diagnostic:
    return Diagnostic("HG365", summary, test.place, hint)
