"""A few templates of a repository that was linked before, filled in again without reading the rest of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.hashing import Digest, content_digest

if TYPE_CHECKING:
    from headgate.core.address import Address
    from headgate.core.declarations import AssetDeclaration
    from headgate.plugins.stores.cache import Cache
    from headgate.project.templates.project import Templates
    from headgate.project.text import Text


class Refilling:
    """Fills in templates against macros, settings and addresses that are as they were.

    ``digests`` gives those of the repository's files, ``addresses`` all of a kind: ``a`` for assets, ``s`` for sources.
    """

    def __init__(
        self,
        root: Path,
        cache: Cache,
        digests: Callable[[], Mapping[str, Digest]],
        addresses: Callable[[str], list[Address]],
    ) -> None:
        self._root = root
        self._cache = cache
        self._digests = digests
        self._addresses = addresses
        self._templates: Templates | None = None

    def filled(self, asset: AssetDeclaration, before: Digest) -> AssetDeclaration | None:
        """Return an asset whose text is a template with the text that it gives; ``before`` is the digest that it had.

        None where only reading the whole repository can tell: it is faulty, it warns, ``config(...)`` says something
        else than it did, or the template asks for what property files say.
        """
        from headgate.core.template import Template
        from headgate.project.templates.project import Wanted
        from headgate.project.templates.world import Subject
        from headgate.project.text import Text

        templates = self._all()
        if templates is None:
            return None
        source = Text(asset.file.path, asset.text)
        wanted = Wanted(Subject(asset.address), source, asset.file.digest)
        known = templates.remembered(replace(wanted, digest=before))
        filled = templates.fill([wanted], self._addresses("a"), self._addresses("s"))[asset.address]
        if known is None or filled.diagnostics or any(kind == "config" for kind, _ in filled.asked):
            return None
        if [said for said, _ in filled.configured] != [said for said, _ in known.configured]:
            return None
        return replace(asset, text=filled.text, template=Template(asset.text, filled.runs))

    def _all(self) -> Templates | None:
        """Return all that templates need; None where a file is not what it was when the others were looked at."""
        if self._templates is None:
            from headgate.project.templates.library import MacroFile
            from headgate.project.templates.project import Templates
            from headgate.project.toml.config import default_config, read_config
            from headgate.project.walk import CONFIG_FILE

            digests = self._digests()
            name = self._root.resolve().name or "project"
            paths = [path for path in digests if path.startswith("macros/") or path == CONFIG_FILE]
            texts = {path: self._text(path, digests[path]) for path in paths}
            if None in texts.values():
                return None
            said = texts.pop(CONFIG_FILE, None)
            config = read_config(said, name, os.environ) if said else default_config(name)
            macros = [MacroFile(text, digests[path]) for path, text in texts.items() if text is not None]
            self._templates = Templates(config, macros, os.environ, self._cache)
        return self._templates

    def _text(self, path: str, digest: Digest) -> Text | None:
        from headgate.core.diagnostic import Diagnostic
        from headgate.project.text import decoded

        content = (self._root / path).read_bytes()
        text = decoded(path, content) if content_digest([content]) == digest else None
        return None if isinstance(text, Diagnostic) else text
