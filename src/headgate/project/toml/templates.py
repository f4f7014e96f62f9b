"""What ``headgate.toml`` says of templates: ``template = "jinja"``, or ``[template]``; and ``[vars]``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from headgate.core.declarations import TEMPLATES, TemplateConfig
from headgate.project.text import Text, did_you_mean
from headgate.project.toml.keys import TEMPLATE
from headgate.project.toml.places import TomlPlaces

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(
    r"SECRET|PASSWORD|PASSWD|PASSPHRASE|(^|_)PWD(_|$)|TOKEN|CREDENTIAL|PRIVATE|(^|_)AUTH(_|$)|(API|ACCESS|SIGNING)_?KEY",
    re.IGNORECASE,
)
_VALUES_DEPTH_MAX = 20


def read_templates(body: Mapping[str, Any], source: Text, places: TomlPlaces) -> TemplateConfig:
    """Return what the file says of templates; faults go to ``source``."""
    return _Reading(source, places).config(body)


class _Reading:
    def __init__(self, source: Text, places: TomlPlaces) -> None:
        self._source = source
        self._places = places

    def config(self, body: Mapping[str, Any]) -> TemplateConfig:
        said = body.get("template", {})
        variables = self._table(body.get("vars", {}), ("vars",))
        if isinstance(said, str):
            return TemplateConfig(self._language(said, ("template",)), variables)
        if not isinstance(said, dict):
            hint = 'Write template = "jinja", or a table [template].'
            self._source.fault("HG122", "template has to be a text or a table", self._places.value(("template",)), hint)
            return TemplateConfig("", variables)
        for key in said:
            if key not in TEMPLATE:
                hint = did_you_mean(key, TEMPLATE, f"Known are {', '.join(TEMPLATE)}.")
                self._source.fault(
                    "HG121", f"unknown key {key} in [template]", self._places.key(("template", key)), hint
                )
        language = self._language(said.get("default", ""), ("template", "default"))
        environ = tuple(self._environ(said.get("env", [])))
        return TemplateConfig(language, variables, environ, self._table(said.get("target", {}), ("template", "target")))

    def _language(self, said: Any, path: tuple[str, ...]) -> str:
        if said in ("", *TEMPLATES):
            return str(said)
        hint = did_you_mean(str(said), TEMPLATES, 'Write "jinja", or leave it out.')
        self._source.fault("HG122", f"{path[-1]} cannot be {said!r}", self._places.value(path), hint)
        return ""

    def _environ(self, said: Any) -> Iterator[str]:
        """Yield the variables that templates may read; never one that looks secret: its value would stand in texts."""
        place = self._places.value(("template", "env"))
        for name in said if isinstance(said, list) else [said]:
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                self._source.fault("HG122", "env has to be a list of names", place, 'Write env = ["REGION"].')
            elif _SECRET.search(name):
                hint = "The texts of templates are kept in releases and shown: a secret has no place in them."
                self._source.fault("HG122", f"{name} looks like a secret", place, hint)
            else:
                yield name

    def _table(self, said: Any, path: tuple[str, ...]) -> Mapping[str, Any]:
        """Return a table of plain values: texts, numbers, truths, lists and tables; dates become texts."""
        if not isinstance(said, dict):
            hint = f"Begin it with [{'.'.join(path)}] on a line of its own."
            self._source.fault("HG122", f"{path[-1]} has to be a table", self._places.key(path), hint)
            return {}
        return {key: self._plain(value, (*path, key)) for key, value in said.items()}

    def _plain(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, str) and value.startswith("env:"):
            name = value.removeprefix("env:")
            hint = f"Templates read it with env_var('{name}'), once [template] lists it: env = [\"{name}\"]."
            self._source.fault("HG122", f"{path[-1]} cannot come from the environment", self._places.value(path), hint)
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        if isinstance(value, (list, dict)) and len(path) > _VALUES_DEPTH_MAX:
            self._source.fault("HG122", f"{path[0]} is nested too deeply", self._places.key(path))
            return None
        if isinstance(value, list):
            return [self._plain(one, (*path, "")) for one in value]
        if isinstance(value, dict):
            return {key: self._plain(one, (*path, key)) for key, one in value.items()}
        return value
