"""Assets whose templates are filled in with what a unit test says instead: variables, macros, the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate.app.linking.analysing import LocalAnalyser
from headgate.core.address import Address, fold
from headgate.core.diagnostic import Diagnostic, has_errors
from headgate.core.graph import Node
from headgate.core.template import Template
from headgate.project.analyser import Job
from headgate.project.link import loaded

if TYPE_CHECKING:
    from headgate.app.linking.ground import Ground
    from headgate.core.declarations import AssetDeclaration, Config, Declarations, Properties
    from headgate.core.recipe import Shape
    from headgate.core.unit_tests import UnitTest
    from headgate.project.templates.filled import Filled
    from headgate.project.templates.library import MacroFile


class Overriding:
    """Links single assets anew. ``shapes`` are the columns of all that could be linked."""

    def __init__(self, root: Path, declarations: Declarations, ground: Ground, shapes: Mapping[Address, Shape]) -> None:
        self._root = root
        self._declarations = declarations
        self._assets = {asset.address: asset for asset in declarations.assets}
        self._shapes = shapes
        self._by_name = {fold(address): address for address in shapes}
        self._analyser = LocalAnalyser(root, ground)
        self._dialect = ground.dialect
        self._macros: list[MacroFile] | None = None

    def node(self, test: UnitTest) -> Node | tuple[Diagnostic, ...] | None:
        """Return the tested asset as the test's overrides make it, or what is wrong; None where they change nothing.

        Cost: a template and an analysis, some 10 ms.
        """
        asset = self._assets[test.asset]
        if not any(test.overrides.values()) or asset.template is None:
            return None
        filled = self._filled(asset, asset.template, test.overrides)
        if filled.is_faulty:
            return filled.diagnostics
        template = Template(asset.template.text, filled.runs)
        return self._linked(replace(asset, text=filled.text, template=template, is_faulty=False))

    def close(self) -> None:
        """Let go of the binder."""
        self._analyser.close()

    def _filled(self, asset: AssetDeclaration, template: Template, overrides: Mapping[str, Any]) -> Filled:
        from headgate.project.templates.project import Templates, Wanted
        from headgate.project.templates.world import Subject
        from headgate.project.text import Text

        environ = {name: _text(value) for name, value in _mapping(overrides, "env_vars").items()}
        config = _with_variables(self._declarations.config, _mapping(overrides, "vars"), tuple(environ))
        templates = Templates(config, self._macro_files(), {**os.environ, **environ}, None)
        subject = Subject(asset.address, _declared(asset.properties))
        wanted = Wanted(subject, Text(asset.file.path, template.text), asset.file.digest)
        sources = [source.address for source in self._declarations.sources]
        return templates.fill_anew(wanted, self._assets, sources, _mapping(overrides, "macros"))

    def _macro_files(self) -> list[MacroFile]:
        if self._macros is None:
            from headgate.project.templates.library import MacroFile
            from headgate.project.text import decoded

            self._macros = []
            for file in self._declarations.tree:
                if file.path.startswith("macros/"):
                    text = decoded(file.path, (self._root / file.path).read_bytes())
                    if not isinstance(text, Diagnostic):
                        self._macros.append(MacroFile(text, file.digest))
        return self._macros

    def _linked(self, asset: AssetDeclaration) -> Node | tuple[Diagnostic, ...]:
        names = self._analyser.names([asset])[asset.address]
        faults = list(names.diagnostics)
        inputs: set[Address] = set()
        for relation in names.relations:
            written = f"{relation.schema}.{relation.name}"
            address = self._by_name.get(fold(written))
            if address is None:
                faults.append(replace(relation.unknown, summary=f"unknown table {written}"))
            else:
                inputs.add(address)
        place = asset.properties.place
        if faults or place is None:
            return tuple(faults)
        self._analyser.start(Job(asset, {i: self._shapes[i] for i in inputs}))
        ((_, analysed),) = self._analyser.finished()
        if analysed.recipe is None or has_errors(analysed.diagnostics):
            return analysed.diagnostics
        recipe, wrong = loaded(asset, analysed, self._dialect)
        if recipe is None:
            return tuple(wrong)
        return Node(
            asset.address, asset.kind, recipe, tuple(sorted(inputs)), analysed.body, place, asset.digest,
            asset.properties,
        )  # fmt: skip


def _mapping(overrides: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = overrides.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _with_variables(config: Config, variables: Mapping[str, Any], listed: tuple[str, ...]) -> Config:
    said = config.templates
    said = replace(said, variables={**said.variables, **variables}, environ=(*said.environ, *listed))
    return replace(config, templates=said)


def _declared(properties: Properties) -> dict[str, Any]:
    """Return what ``config.get`` names, as far as it is kept."""
    config = properties.meta.get("config")
    found = dict(config) if isinstance(config, dict) else {}
    found["meta"] = {key: value for key, value in properties.meta.items() if key != "config"}
    found |= {"materialized": properties.kind.value} if properties.kind else {}
    for key in ("owner", "description", "group"):
        found |= {key: getattr(properties, key)} if getattr(properties, key) else {}
    return found | ({"tags": list(properties.tags)} if properties.tags else {})
