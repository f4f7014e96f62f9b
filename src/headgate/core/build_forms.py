"""The stored forms of builds, and of what they are made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headgate.core.address import Address
from headgate.core.declarations import FileSource, Kind, TableSource
from headgate.core.graph import SqlBody
from headgate.core.hashing import Digest
from headgate.core.loading import load_from_json
from headgate.core.recipe import ASPECTS, Read, shape_from_json, shape_to_json
from headgate.core.records import Build, BuildStatus, Capture
from headgate.core.versions import Versions

if TYPE_CHECKING:
    from headgate.core.python import PythonBody


def build_to_json(build: Build) -> dict[str, Any]:
    """Return the stored form of a build."""
    from headgate.core.json_form import plain

    body: dict[str, Any] = {
        name: plain(getattr(build, name))
        for name in (
            "id", "key", "address", "kind", "engine", "recipe", "relation", "status", "created_at",
            "rows", "bytes", "seconds", "fence",
        )
    }  # fmt: skip
    body["shape"] = shape_to_json(build.shape)
    body["versions"] = [build.versions.rows, build.versions.order, dict(build.versions.columns)]
    body["reads"] = [[r.address, r.aspect.value, r.column, version] for r, version in build.reads.items()]
    body["inputs"] = dict(build.inputs)
    if build.body is not None:
        body["body"] = sql_body_to_json(build.body)
    if build.location is not None:
        body["location"] = location_to_json(build.location)
    if build.capture is not None:
        body["capture"] = plain(build.capture)
    if build.printed:
        body["printed"] = build.printed
    if build.load is not None:
        body["load"] = plain(build.load)
    if build.code:
        body["code"] = dict(build.code)
    if build.equals:
        body["equals"] = build.equals
    return body


def build_from_json(body: Mapping[str, Any]) -> Build:
    """Return the build of a stored form."""
    rows, order, columns = body["versions"]
    return Build(
        id=Digest(body["id"]),
        key=Digest(body["key"]),
        address=Address(body["address"]),
        kind=Kind(body["kind"]),
        engine=body["engine"],
        shape=shape_from_json(body["shape"]),
        recipe=Digest(body["recipe"]),
        versions=Versions(rows, order, columns),
        reads={Read(Address(a), ASPECTS[aspect], column): version for a, aspect, column, version in body["reads"]},
        inputs=body["inputs"],
        relation=body["relation"],
        status=BuildStatus(body["status"]),
        created_at=body["created_at"],
        rows=body["rows"],
        bytes=body["bytes"],
        seconds=body["seconds"],
        body=sql_body_from_json(body["body"]) if "body" in body else None,
        location=location_from_json(body["location"]) if "location" in body else None,
        capture=Capture(**body["capture"]) if "capture" in body else None,
        fence=body["fence"],
        printed=body.get("printed", ""),
        load=load_from_json(body["load"]) if "load" in body else None,
        code=body.get("code", {}),
        equals=Digest(body.get("equals", "")),
    )


def sql_body_to_json(body: SqlBody) -> dict[str, Any]:
    """Return the stored form of a SQL text and its references."""
    references = [[r.start, r.end, r.address, r.alias, int(r.is_column)] for r in body.references]
    told: dict[str, Any] = {"text": body.text, "line": body.line, "references": references, "lines": list(body.lines)}
    if body.parameters:
        told["parameters"] = [[p.begin, p.end, p.name] for p in body.parameters]
    if body.template is not None:
        told["template"] = [body.template.text, [list(run) for run in body.template.runs]]
    return told


def sql_body_from_json(body: Mapping[str, Any]) -> SqlBody:
    """Return the SQL text and references of a stored form."""
    from headgate.core.graph import Parameter, Reference

    references = tuple(Reference(s, e, a, alias, bool(column)) for s, e, a, alias, column in body["references"])
    template = None
    if "template" in body:
        from headgate.core.template import Template, runs_from_json

        template = Template(body["template"][0], runs_from_json(body["template"][1]))
    parameters = tuple(Parameter(*one) for one in body.get("parameters", ()))
    return SqlBody(body["text"], references, body["line"], tuple(body.get("lines", ())), template, parameters)


def python_body_from_json(body: Mapping[str, Any]) -> PythonBody:
    """Return the function of its stored form, which is its plain one."""
    from headgate.core.limits import Limits
    from headgate.core.python import Form, PythonBody, PythonInput

    inputs = tuple(
        PythonInput(one["parameter"], Address(one["address"]), Form(one["form"]), tuple(one["columns"]))
        for one in body["inputs"]
    )
    return PythonBody(
        path=body["path"],
        function=body["function"],
        inputs=inputs,
        modules=tuple((path, digest) for path, digest in body["modules"]),
        variables=tuple(body["variables"]),
        is_networked=body["is_networked"],
        limits=Limits(**body["limits"]),
        line=body["line"],
        written=Digest(body.get("written", "")),
    )


def location_to_json(location: FileSource | TableSource) -> dict[str, Any]:
    """Return the stored form of where a source's data is."""
    from headgate.core.json_form import plain

    return dict(plain(location))


def location_from_json(body: Mapping[str, Any]) -> FileSource | TableSource:
    """Return where a source's data is, of its stored form."""
    from headgate.core.declarations import File

    if "schema" in body:
        return TableSource(body["schema"], body["name"])
    return FileSource(body["pattern"], body["format"], tuple(File(**f) for f in body["files"]), body["options"])
