"""`headgate schema`: JSON Schemas of the files that people write, for editors, and of the report, for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headgate import __version__
from headgate.core.errors import EnvironmentFailed
from headgate.core.json_form import Value

KINDS = ("yaml", "toml", "header", "changes", "scenarios")
"""What editors check: property files, headgate.toml, headers of SQL files, expected changes (`changes/*.yml`) and
scenarios of the gate (`tests/policy/*.yml`). `report` is a kind beside them."""


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one kind of file.

    >>> schema_of("toml")["title"]
    'headgate.toml'
    """
    if kind == "report":
        from headgate.core.report_schema import report_schema

        return report_schema(comment=f"headgate schema report, version {__version__}")
    from headgate.project.forms.config_file import CONFIG_FILE
    from headgate.project.forms.expected import EXPECTED_FILE
    from headgate.project.forms.json_schema import toml_schema, yaml_schema
    from headgate.project.forms.property_file import HEADER, PROPERTY_FILE
    from headgate.project.forms.scenarios import SCENARIO_FILE

    comment = f"headgate schema {kind}, version {__version__}"
    if kind == "toml":
        return toml_schema(CONFIG_FILE, title="headgate.toml", comment=comment)
    form, title = {
        "header": (HEADER, "Header of a SQL file"),
        "changes": (EXPECTED_FILE, "Expected change"),
        "scenarios": (SCENARIO_FILE, "Scenarios of the gate"),
    }.get(kind, (PROPERTY_FILE, "Property file of Headgate"))
    return yaml_schema(form, title=title, comment=comment)


def write_schemas(folder: Path, kinds: tuple[str, ...]) -> tuple[Path, ...]:
    """Write the schema of each kind into ``folder``, which is made if need be, and return the files."""
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in kinds:
            file = folder / f"headgate-{kind}.schema.json"
            file.write_text(text_of(schema_of(kind)), encoding="utf-8")
            written.append(file)
    except OSError as error:
        raise EnvironmentFailed(f"{folder} cannot be written: {error.strerror}") from error
    return tuple(written)


def text_of(schema: dict[str, Value]) -> str:
    """Return a schema as a text of many lines, its keys in their order."""
    import json

    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
