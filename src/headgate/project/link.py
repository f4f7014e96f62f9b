"""Declarations into a graph: dependencies, recipes, exposures. Pure: what it needs of the engine comes in as a port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.core.address import Address, fold
from headgate.core.declarations import (
    AssetDeclaration,
    Declarations,
    ExposureDeclaration,
    FileSource,
    Kind,
    Properties,
    SourceDeclaration,
    Use,
)
from headgate.core.diagnostic import Diagnostic, Severity, in_order, nearest
from headgate.core.graph import AnyNode, ExposureNode, Graph, Node, QueryNode, SeedBody, SourceNode, SqlBody
from headgate.core.hashing import Digest, digest
from headgate.core.recipe import Aspect, Column, ColumnRecipe, Read, Recipe, Shape, finished, term
from headgate.core.type_names import type_key
from headgate.project.analyser import Analysed, Analyser, Job, Named, Parting
from headgate.project.clocks_apart import clocks_apart
from headgate.project.contract_checks import broken_contracts, is_held
from headgate.project.declared_columns import declared_shape, mismatches
from headgate.project.identities import graph_digest, identities_beside, identity_of
from headgate.project.link_queries import understood_queries
from headgate.project.loaded_recipes import as_given, loaded_recipe
from headgate.project.loading_checks import loading_faults, reserved_names, unused_moments
from headgate.project.ordering import cycle, reaches_itself, topological
from headgate.project.quarantines import Parted, parted, quarantine_faults, with_text
from headgate.project.written_out import WrittenOut

if TYPE_CHECKING:
    from headgate.core.python import PythonBody, PythonDeclaration


@dataclass(frozen=True, slots=True)
class Linked:
    """The graph, or None where there are errors; and all diagnostics, those of the declarations included.

    ``nodes`` are those that could be linked, whatever is wrong with others.
    """

    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]
    nodes: Mapping[Address, AnyNode]


def link(
    declarations: Declarations,
    analyser: Analyser,
    *,
    recorded: Mapping[Address, Shape],
    settings: str,
    dialect: str = "duckdb",
) -> Linked:
    """Return the graph of ``declarations``.

    ``recorded`` are the columns of table sources as last seen. Faults of one asset do not hide those of others: what
    reads a faulty asset is left unchecked, everything else is checked.
    """
    work = _Linking(declarations, analyser, recorded, settings)
    work.dialect = dialect
    work.sources()
    work.assets()
    work.exposures()
    work.diagnostics += broken_contracts(work.nodes, declarations.exposures, dialect)
    work.query_tests()
    diagnostics = in_order((*declarations.diagnostics, *work.diagnostics))
    if any(d.severity is Severity.ERROR for d in diagnostics):
        return Linked(None, diagnostics, {**work.found, **work.nodes})
    graph = work.graph()
    return Linked(graph, diagnostics, graph.nodes)


class _Linking:
    def __init__(
        self, declarations: Declarations, analyser: Analyser, recorded: Mapping[Address, Shape], settings: str
    ) -> None:
        self.declarations = declarations
        self.analyser = analyser
        self.recorded = recorded
        self.settings = settings
        self.dialect = "duckdb"
        self.diagnostics: list[Diagnostic] = []
        self.nodes: dict[Address, AnyNode] = {}
        self.shapes: dict[Address, Shape] = {}
        self.found: dict[Address, SourceNode] = {}
        self.queries: list[QueryNode] = []
        self.by_name: dict[str, Address] = {}
        self.written_out = WrittenOut()
        for address in [s.address for s in declarations.sources] + [a.address for a in declarations.assets]:
            self.by_name.setdefault(fold(address), address)
        self.declared, self.parted = self._parted()

    def sources(self) -> None:
        """Make a node of every source; which of them are captured is known once the assets are linked."""
        for source in self.declarations.sources:
            shape, token = self._source_shape(source)
            self.diagnostics += reserved_names(source.address, shape, source.place)
            self.shapes[source.address] = shape
            self.found[source.address] = SourceNode(
                source.address, source.location, shape, token, False, source.place, source.properties
            )

    def _source_shape(self, source: SourceDeclaration) -> tuple[Shape, Digest | None]:
        declared = declared_shape(source.properties.columns, self.dialect)
        location = source.location
        if isinstance(location, FileSource) and not location.files:
            return declared, None  # that they are not there was told where they were looked for
        if isinstance(location, FileSource):
            shape, faults = self.analyser.files(source)
            self.diagnostics += faults
            if not faults:
                self.diagnostics += mismatches(source.address, source.properties.columns, shape, self.dialect)
            files = tuple((f.path, f.digest) for f in location.files)
            options = tuple(sorted(location.options.items()))
            types = tuple((c.name, c.type) for c in shape)
            return shape, digest("files", location.format, options, files, types)
        return declared or self.recorded.get(source.address, ()), None

    def _parted(self) -> tuple[dict[Address, AssetDeclaration], dict[Address, Parted]]:
        """Return all assets, three for each whose failing rows are set aside; and of the two that read, the three."""
        declared, sources = self.declarations.assets, self.declarations.sources
        self.diagnostics += quarantine_faults(declared, sources, self.by_name)
        assets: dict[Address, AssetDeclaration] = {}
        readers: dict[Address, Parted] = {}
        for asset in declared:
            three = parted(asset)
            if three is None or not self.by_name.keys().isdisjoint(map(fold, three.names)):
                assets[asset.address] = asset
                continue
            assets[three.unchecked.address] = three.unchecked
            for one in (three.published, three.quarantine):
                assets[one.address] = one
                readers[one.address] = three
        self.by_name.update((fold(address), address) for address in readers)
        return assets, readers

    def assets(self) -> None:
        """Make a node of every asset, inputs first; report unknown inputs and cycles."""
        assets = self.declared
        given = [a for a in assets.values() if a.address not in self.parted]
        texts = [a for a in given if a.kind is not Kind.SEED and a.python is None and not a.is_faulty]
        inputs = self._inputs(texts)
        inputs.update(self._python_inputs(given))
        inputs.update({address: three.inputs for address, three in self.parted.items()})
        waiting = {address: {i for i in inputs.get(address, ()) if i in assets} for address in assets}
        readers: dict[Address, list[Address]] = {address: [] for address in assets}
        for address, needed in waiting.items():
            for one in needed:
                readers[one].append(address)
        ready = sorted((address for address, needed in waiting.items() if not needed), reverse=True)
        started = 0
        while ready or started:
            while ready:
                started += self._begin(assets[ready.pop()], inputs, ready, waiting, readers)
            for address, analysed in self.analyser.finished() if started else ():
                started -= 1
                self._sql_node(assets[address], inputs[address], analysed)
                self._done(address, ready, waiting, readers)
        self._cycles(waiting, inputs)

    def _begin(
        self,
        asset: AssetDeclaration,
        inputs: Mapping[Address, tuple[Address, ...]],
        ready: list[Address],
        waiting: Mapping[Address, set[Address]],
        readers: Mapping[Address, list[Address]],
    ) -> int:
        """Start one asset whose inputs are done; return how many answers will come for it."""
        if asset.kind is Kind.SEED:
            self._seed_node(asset)
        elif asset.address in inputs and all(self.shapes.get(i) for i in inputs[asset.address]):
            needed = inputs[asset.address]
            if asset.python is not None:
                self._python_node(asset, asset.python, needed)
                self._done(asset.address, ready, waiting, readers)
                return 0
            if self._has_text(asset):
                volatile = frozenset(read for i in needed for read in volatile_of(self.nodes.get(i)))
                self.analyser.start(Job(self.declared[asset.address], {i: self.shapes[i] for i in needed}, volatile))
                return 1
        else:
            self._report_unseen(inputs.get(asset.address, ()))
        self._done(asset.address, ready, waiting, readers)
        return 0

    def _has_text(self, asset: AssetDeclaration) -> bool:
        """Tell whether there is a query to analyse; where it tells rows apart, it is made first."""
        three = self.parted.get(asset.address)
        if three is None:
            return True
        is_published = asset.address == three.published.address
        told = self.analyser.part(Parting(three.published.address, three.unchecked.address, three.tests, self.shapes))
        if is_published:
            self.diagnostics += told.diagnostics
            self.diagnostics += three.faults_in_columns(self.shapes[three.unchecked.address])
        text = told.passing if is_published else told.failing
        self.declared[asset.address] = with_text(asset, text)
        return bool(text)

    @staticmethod
    def _done(
        address: Address,
        ready: list[Address],
        waiting: Mapping[Address, set[Address]],
        readers: Mapping[Address, list[Address]],
    ) -> None:
        for reader in readers[address]:
            waiting[reader].discard(address)
            if not waiting[reader]:
                ready.append(reader)

    def _report_unseen(self, inputs: Iterable[Address]) -> None:
        for address in inputs:
            source = self.found.get(address)
            if source is not None and not source.shape and not isinstance(source.location, FileSource):
                self.diagnostics.append(
                    Diagnostic(
                        "HG320",
                        f"the columns of {address} are not known yet",
                        source.place,
                        hint="Run `headgate apply`, which looks them up, or declare them under `columns:`.",
                    )
                )

    def _inputs(self, assets: Sequence[AssetDeclaration]) -> dict[Address, tuple[Address, ...]]:
        """Return the inputs of each readable text, sorted; report relations that nothing declares."""
        found: dict[Address, tuple[Address, ...]] = {}
        names = self.analyser.names(assets)
        for asset in assets:
            named = names[asset.address]
            self.diagnostics += named.diagnostics
            if named.diagnostics:
                continue
            known: set[Address] = set()
            complete = True
            for relation in named.relations:
                address = self.by_name.get(fold(f"{relation.schema}.{relation.name}"))
                if address is None:
                    complete = False
                    self.diagnostics.append(self._unknown(relation))
                else:
                    known.add(address)
            if complete:
                found[asset.address] = tuple(sorted(known))
        return found

    def _unknown(self, named: Named) -> Diagnostic:
        written = f"{named.schema}.{named.name}" if named.schema else named.name
        same_name = [a for a in self.by_name.values() if fold(a.partition(".")[2]) == fold(named.name)]
        near: list[str] = [*same_name] or list(nearest(written, self.by_name.values()))
        hint = named.unknown.hint
        if near:
            hint = f"Did you mean {' or '.join(near[:3])}?"
        elif not hint:
            hint = "Declare it as a source in a YAML file under assets/, or add an asset of that name."
        return replace(named.unknown, summary=f"unknown table {written}", hint=hint)

    def _cycles(self, waiting: Mapping[Address, set[Address]], inputs: Mapping[Address, tuple[Address, ...]]) -> None:
        """Report each cycle once, with its path."""
        stuck = {address for address, needed in waiting.items() if needed}
        places = {a.address: a.properties.place for a in self.declared.values()}
        while stuck:
            path = cycle(min(stuck), inputs, stuck)
            if len(path) > 1:
                self.diagnostics.append(
                    Diagnostic(
                        "HG302",
                        f"{path[0]} reads itself",
                        places[path[0]],
                        hint="Take one of these references out.",
                        detail=" reads ".join(path),
                    )
                )
            stuck -= set(path)
            stuck = {a for a in stuck if reaches_itself(a, inputs, stuck)}

    def _seed_node(self, asset: AssetDeclaration) -> None:
        shape, faults = self.analyser.seed(asset)
        self.diagnostics += faults
        if faults:
            return
        declared = {fold(c.name): type_key(c.type, self.dialect) for c in asset.properties.columns if c.type}
        shape = tuple(Column(c.name, declared.get(fold(c.name), c.type)) for c in shape)
        self._compare(asset, shape)
        content = asset.file.digest
        rows = finished(term("seed rows", content, self.settings))
        columns = tuple(
            ColumnRecipe(c.name, c.type, finished(term("seed column", content, c.name, c.type, self.settings)))
            for c in shape
        )
        recipe = Recipe(Kind.SEED.value, rows, finished(term("seed order", content)), columns)
        self._add(asset, recipe, (), SeedBody(asset.file.path, content))

    def _sql_node(self, asset: AssetDeclaration, inputs: tuple[Address, ...], analysed: Analysed) -> None:
        self.diagnostics += analysed.diagnostics
        recipe, faults = loaded(asset, analysed, self.dialect)
        self.diagnostics += faults
        if recipe is None:
            return
        self.diagnostics += clocks_apart(analysed.clocks, self.nodes)
        self._compare(asset, recipe.shape)
        body = analysed.body if asset.address not in self.parted else replace(analysed.body, line=0, lines=())
        too_long = self.written_out.faults(asset, body)
        self.diagnostics += too_long
        if not too_long:
            self._add(asset, recipe, inputs, body)

    def _python_inputs(self, assets: Iterable[AssetDeclaration]) -> Iterator[tuple[Address, tuple[Address, ...]]]:
        for asset in assets:
            if asset.python is None:
                continue
            from headgate.project.python.link import named_inputs

            found, faults = named_inputs(asset.python, self.by_name)
            self.diagnostics += faults
            if not faults:
                yield asset.address, found

    def _python_node(self, asset: AssetDeclaration, python: PythonDeclaration, inputs: tuple[Address, ...]) -> None:
        """Make a node of a function. Its columns are the declared ones, else those that it gives on empty tables."""
        from headgate.project.python.link import PythonLink

        linking = PythonLink(asset, python, self.by_name, self.shapes)
        shape = declared_shape(asset.properties.columns, self.dialect)
        if not shape:
            # Not told by `reads` what it receives less of: its columns are not known yet.
            shape, faults = self.analyser.python(asset, linking.body(()), {i: self.shapes[i] for i in inputs})
            self.diagnostics += faults
            if faults:
                return
            self._compare(asset, shape)
        told = tuple(linking.faults(shape))
        self.diagnostics += told
        if not told:
            self._add(asset, linking.recipe(shape, self.settings), inputs, linking.body(shape))

    def _compare(self, asset: AssetDeclaration, shape: Shape) -> None:
        """Hold declared columns against those that there are; those of a contract once its readers are known.

        Rows that were not told apart yet have the columns of those that are shown.
        """
        if not is_held(asset.properties) and asset.kind is not Kind.UNCHECKED:
            self.diagnostics += mismatches(asset.address, asset.properties.columns, shape, self.dialect)

    def _add(
        self,
        asset: AssetDeclaration,
        recipe: Recipe,
        inputs: tuple[Address, ...],
        body: SqlBody | SeedBody | PythonBody,
    ) -> None:
        place = asset.properties.place
        if place is None:
            raise AssertionError(f"{asset.address} has no place")
        self.diagnostics += reserved_names(asset.address, recipe.shape, place)
        self.shapes[asset.address] = recipe.shape
        self.nodes[asset.address] = Node(
            asset.address, asset.kind, recipe, inputs, body, place, asset.digest, properties_of(asset, recipe)
        )

    def query_tests(self) -> None:
        """Understand the data tests that are queries; what reads a faulty asset is left unchecked."""
        tests = {query.asset.address: query for query in self.declarations.queries}
        if not tests:
            return
        inputs = self._inputs([query.asset for query in tests.values()])
        known = {a: needed for a, needed in inputs.items() if all(self.shapes.get(one) for one in needed)}
        for address in inputs.keys() - known.keys():
            self._report_unseen(inputs[address])
        for address, needed in known.items():
            if not needed:
                hint = "Name an asset or a source in it, as SCHEMA.NAME."
                text, place = "this test reads no asset: it does not run", tests[address].test.place
                self.diagnostics.append(Diagnostic("HG312", text, place, hint, severity=Severity.WARNING))
            volatile = frozenset(read for one in needed for read in volatile_of(self.nodes.get(one)))
            self.analyser.start(Job(tests[address].asset, {one: self.shapes[one] for one in needed}, volatile))
        self.queries, faults = understood_queries(tests, known, self.analyser)
        self.diagnostics += faults

    def exposures(self) -> None:
        """Make a node of every exposure, with the columns that it uses spelled out."""
        for exposure in self.declarations.exposures:
            uses: dict[Address, tuple[str, ...]] = {}
            for use in exposure.uses:
                address = self.by_name.get(fold(use.address))
                if address is None:
                    near = nearest(use.address, self.by_name.values())
                    hint = f"Did you mean {near[0]}?" if near else "It names an asset or a source as SCHEMA.NAME."
                    self.diagnostics.append(Diagnostic("HG202", f"unknown asset {use.address}", use.place, hint=hint))
                elif shape := self.shapes.get(address):
                    uses[address] = (*uses.get(address, ()), *self._used(exposure, use, address, shape))
            self.nodes[exposure.address] = ExposureNode(
                exposure.address,
                {a: tuple(dict.fromkeys(columns)) for a, columns in uses.items()},
                exposure.place,
                exposure.properties,
            )

    def _used(self, exposure: ExposureDeclaration, use: Use, address: Address, shape: Shape) -> Iterator[str]:
        names = {fold(c.name): c.name for c in shape}
        if not use.columns:
            yield from names.values()
        for column in use.columns:
            if fold(column) in names:
                yield names[fold(column)]
            else:
                near = nearest(column, names.values())
                hint = f"{address} has {', '.join(list(near) or list(names.values())[:5])}."
                self.diagnostics.append(
                    Diagnostic("HG203", f"{exposure.address} uses an unknown column {column}", use.place, hint=hint)
                )

    def graph(self) -> Graph:
        """Return all nodes in topological order, ties by address, and the digest of all that a plan can depend on."""
        captured = _captured(self.nodes) | {one for query in self.queries for one in query.inputs}
        nodes: dict[Address, AnyNode] = {}
        for address, source in sorted(self.found.items()):
            nodes[address] = SourceNode(
                source.address, source.location, source.shape, source.token, address in captured,
                source.place, source.properties,
            )  # fmt: skip
        for address in topological(self.nodes):
            nodes[address] = self.nodes[address]
        queries = tuple(sorted(self.queries, key=lambda query: query.address))
        beside = identities_beside(queries, self.declarations.config)
        return Graph(nodes, graph_digest((*map(identity_of, nodes.values()), *beside)), queries)


def loaded(
    asset: AssetDeclaration, analysed: Analysed, dialect: str = "duckdb"
) -> tuple[Recipe | None, tuple[Diagnostic, ...]]:
    """Return the recipe of an asset whose text was analysed, and what is wrong with how it is loaded; None for none."""
    loading = asset.properties.loading
    if analysed.recipe is None or loading is None:
        is_loaded = asset.kind in (Kind.INCREMENTAL, Kind.SNAPSHOT)
        return None if is_loaded else analysed.recipe, ()
    faults = (*loading_faults(asset, analysed.recipe.shape), *unused_moments(asset, analysed.body))
    if any(fault.severity is Severity.ERROR for fault in faults):
        return None, faults
    return loaded_recipe(loading, analysed.recipe, dialect), faults


def properties_of(asset: AssetDeclaration, recipe: Recipe) -> Properties:
    """Return the properties of the asset's node: its loading names columns as they are called."""
    loading = asset.properties.loading
    return asset.properties if loading is None else replace(asset.properties, loading=as_given(loading, recipe.shape))


def volatile_of(node: AnyNode | None) -> Iterator[Read]:
    """Yield what of a view is tainted: it holds no data, so each reader makes it anew."""
    if isinstance(node, Node) and node.kind is Kind.VIEW:
        if node.recipe.rows.tainted:
            yield Read(node.address, Aspect.ROWS)
        if node.recipe.order.tainted:
            yield Read(node.address, Aspect.ORDER)
        yield from (Read(node.address, Aspect.COLUMN, c.name) for c in node.recipe.columns if c.term.tainted)


def _captured(nodes: Mapping[Address, AnyNode]) -> set[Address]:
    """Return the addresses that an asset with a recipe reads.

    A view shows its source live, but what it shows is published only together with a capture, which says where the
    source is and which columns it had.
    """
    return {i for n in nodes.values() if isinstance(n, Node) for i in n.inputs}
