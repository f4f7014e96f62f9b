"""The recipe of a Python asset. Nobody knows what a function does, so it reads all that it receives; or what it says.

Pure, as all linking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from headgate.core.address import Address, fold
from headgate.core.declarations import AssetDeclaration, Kind
from headgate.core.diagnostic import Diagnostic, Place, nearest
from headgate.core.hashing import Digest, digest
from headgate.core.python import PythonBody, PythonDeclaration, PythonInput
from headgate.core.recipe import Aspect, Column, ColumnRecipe, Recipe, Shape, Term, finished, reading, term


def named_inputs(
    python: PythonDeclaration, by_name: Mapping[str, Address]
) -> tuple[tuple[Address, ...], tuple[Diagnostic, ...]]:
    """Return the addresses of the inputs, sorted, and a fault for each name that nothing declares."""
    found: set[Address] = set()
    faults: list[Diagnostic] = []
    for one in python.inputs:
        address = by_name.get(fold(one.name))
        if address is not None:
            found.add(address)
            continue
        same = [a for a in by_name.values() if fold(a.partition(".")[2]) == fold(one.name.rpartition(".")[2])]
        near: list[str] = [*same] or list(nearest(one.name, by_name.values()))
        hint = "Declare it as a source, or add an asset of that name."
        if near:
            hint = f"Did you mean {' or '.join(near[:3])}?"
        faults.append(Diagnostic("HG202", f"unknown table {one.name}", one.place, hint))
    return tuple(sorted(found)), tuple(faults)


class PythonLink:
    """One Python asset with the columns of its inputs."""

    def __init__(
        self, asset: AssetDeclaration, python: PythonDeclaration, by_name: Mapping[str, Address],
        shapes: Mapping[Address, Shape],
    ) -> None:  # fmt: skip
        self._asset = asset
        self._python = python
        self._shapes = {one.parameter: shapes[by_name[fold(one.name)]] for one in python.inputs}
        self._addresses = {one.parameter: by_name[fold(one.name)] for one in python.inputs}

    def faults(self, shape: Shape) -> Iterator[Diagnostic]:
        """Yield a fault for each name in ``reads`` and ``rows`` that means nothing."""
        outputs = {fold(c.name) for c in shape}
        for column in self._python.reads or ():
            if fold(column) not in outputs:
                yield self._fault(f"reads names the column {column}, which is not among its columns", column, shape)
        pairs = [pair for pairs in (self._python.reads or {}).values() for pair in pairs]
        for parameter, column in dict.fromkeys([*pairs, *(self._python.row_reads or ())]):
            if parameter not in self._shapes:
                yield self._fault(f"{parameter}.{column}: there is no input {parameter}", parameter, self._shapes)
            elif fold(column) not in {fold(c.name) for c in self._shapes[parameter]}:
                what = f"{parameter}.{column}: {self._addresses[parameter]} has no column {column}"
                yield self._fault(what, column, self._shapes[parameter])

    def body(self, shape: Shape) -> PythonBody:
        """Return what is called with what."""
        passed = self._passed(shape)
        inputs = tuple(
            PythonInput(
                one.parameter,
                self._addresses[one.parameter],
                one.form,
                tuple(c.name for c in passed[one.parameter])
                if len(passed[one.parameter]) < len(self._shapes[one.parameter])
                else (),
            )
            for one in self._python.inputs
        )
        return PythonBody(
            path=self._asset.file.path,
            function=self._python.function,
            inputs=inputs,
            modules=self._python.modules,
            variables=self._python.variables,
            is_networked=self._python.is_networked,
            limits=self._python.limits,
            line=self._python.line,
            written=self._python.written,
        )

    def recipe(self, shape: Shape, settings: str) -> Recipe:
        """Return the recipe: one term for all where nothing is said, else one for the rows and one for each column."""
        python = self._python
        passed = self._passed(shape)
        forms = tuple(
            (one.parameter, one.form.value, tuple((c.name, c.type) for c in passed[one.parameter]))
            for one in sorted(python.inputs, key=lambda one: one.parameter)
        )
        is_tainted = not python.is_deterministic
        code = digest("python call", python.code, forms, digest("settings", settings))

        def made(tag: str, detail: str, columns: Mapping[str, Iterable[str]]) -> Term:
            return term(tag, code, detail, is_tainted, *self._reads(columns), tainted=is_tainted)

        everything = {parameter: [c.name for c in columns] for parameter, columns in passed.items()}
        deciding = everything if python.row_reads is None else self._by_parameter(python.row_reads)
        rows = made("python rows", "", deciding)
        order = made("python order", "", everything if python.row_reads is None else deciding)
        reads = {fold(column): pairs for column, pairs in (python.reads or {}).items()}

        def column_term(column: Column) -> Term:
            said = reads.get(fold(column.name))
            own = everything if said is None else self._by_parameter(said)
            return term("python cell", made("python column", f"{column.name} {column.type}", own), rows)

        columns = tuple(ColumnRecipe(c.name, c.type, finished(column_term(c))) for c in shape)
        said = "" if python.reads is not None else "it is Python"
        return Recipe(Kind.TABLE.value, finished(rows), finished(order), columns, said)

    def _passed(self, shape: Shape) -> dict[str, Shape]:
        """Return the columns that each parameter receives: all, unless every output column says what it reads."""
        python = self._python
        said = {fold(column) for column in python.reads or ()}
        if python.reads is None or any(fold(c.name) not in said for c in shape):
            return self._shapes
        named = [pair for pairs in python.reads.values() for pair in pairs]
        wanted = {(parameter, fold(column)) for parameter, column in [*named, *(python.row_reads or ())]}
        return {
            parameter: tuple(c for c in columns if (parameter, fold(c.name)) in wanted) or columns[:1]
            for parameter, columns in self._shapes.items()
        }

    def _by_parameter(self, pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for parameter, column in pairs:
            names = {fold(c.name): c.name for c in self._shapes[parameter]}
            found.setdefault(parameter, []).append(names[fold(column)])
        return found

    def _reads(self, columns: Mapping[str, Iterable[str]]) -> Iterator[Term]:
        """Yield what is read of every input: its rows and their order always, and these columns."""
        for parameter in sorted(self._shapes):
            address = self._addresses[parameter]
            yield reading(address, Aspect.ROWS)
            yield reading(address, Aspect.ORDER)
            for name in sorted(set(columns.get(parameter, ()))):
                yield reading(address, Aspect.COLUMN, name)

    def _fault(self, summary: str, name: str, known: Iterable[object]) -> Diagnostic:
        names = [getattr(one, "name", str(one)) for one in known]
        near = nearest(name, names)
        hint = f"Did you mean {near[0]}?" if near else f"There is {', '.join(names[:5])}."
        return Diagnostic("HG336", summary, self._place, hint)

    @property
    def _place(self) -> Place:
        return Place(self._asset.file.path, self._python.line, 1)


def unknown_columns(asset: AssetDeclaration, told: str, *, place: Place | None = None, excerpt: str = "") -> Diagnostic:
    """Return the fault of a function whose columns nobody declared, and which could not show them on empty tables."""
    hint = (
        "Mend that; or, if it needs rows, declare them: "
        'columns={"NAME": "TYPE", ...} in the decorator, or `columns:` with `data_type` in YAML.'
    )
    summary = f"the columns of {asset.address} are not known: called on empty tables, it fails"
    return Diagnostic("HG337", summary, place or asset.properties.place, hint, told, excerpt)


def python_key(asset: AssetDeclaration, inputs: Mapping[Address, Shape]) -> Digest:
    """Return what the columns of a function depend on: its code, and the columns of what it receives."""
    if asset.python is None:
        raise AssertionError(f"{asset.address} is no function")
    named = tuple((one.parameter, one.name, one.form.value) for one in asset.python.inputs)
    shapes = tuple((a, tuple((c.name, c.type) for c in shape)) for a, shape in sorted(inputs.items()))
    return digest("python columns", asset.python.code, named, shapes)
