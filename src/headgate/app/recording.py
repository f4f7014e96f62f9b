"""Records of releases: which environments get them, and with whose key they are signed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.errors import EnvironmentFailed

if TYPE_CHECKING:
    from headgate.core.declarations import Config
    from headgate.core.grounds import Grounds
    from headgate.core.ports.signing import Signer
    from headgate.release.record import Recording

KEY_FILE = "signing-key.pem"
"""The user's own key, in the folder ``headgate`` of their settings."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """What records the releases of one project; ``is_protected`` tells of an environment whether it has records."""

    root: Path
    config: Config
    is_protected: Callable[[str], bool]

    def of(self, environment: str, grounds: Grounds | None = None) -> Callable[[], Recording] | None:
        """Return what makes the recording of a release, None for an environment that is not protected.

        The key is looked for, and made, where something is released indeed.
        """
        return (lambda: self._recording(grounds)) if self.is_protected(environment) else None

    def now(self, environment: str) -> Recording | None:
        """Return the recording of a release without grounds of its own; None where none is needed."""
        make = self.of(environment)
        return make() if make is not None else None

    def _recording(self, grounds: Grounds | None) -> Recording:
        from headgate import __version__
        from headgate.core.grounds import NO_GROUNDS
        from headgate.release.record import Recording

        return Recording(self.signer(), self.config.name, __version__, grounds or NO_GROUNDS)

    def signer(self) -> Signer:
        """Return what signs: with the key that headgate.toml names, else with the user's own, made where it lacks.

        Raises ``EnvironmentFailed`` where that is not possible.
        """
        from headgate.plugins.signers.ed25519 import own_signer, signer_of_file, signer_of_text

        said = self.config.record.key
        if not said:
            return own_signer(_settings() / "headgate" / KEY_FILE)
        if not said.startswith("env:"):
            return signer_of_file(self.root / said)
        name = said.removeprefix("env:")
        value = os.environ.get(name, "")
        if not value:
            text = f"the variable {name}, which holds the key of releases, is not set"
            raise EnvironmentFailed(text, code="HG736", hint=f"Set it: export {name}=...")
        if "PRIVATE KEY" in value:
            return signer_of_text(value, f"the variable {name}")
        return signer_of_file(self.root / value)


def _settings() -> Path:
    """Return the folder of the user's settings (XDG Base Directory Specification)."""
    said = os.environ.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(said):
        return Path(said)
    try:
        return Path.home() / ".config"
    except RuntimeError as error:  # an account that only a container knows
        hint = "Set XDG_CONFIG_HOME to a folder, or let headgate.toml name a key: [record] key."
        raise EnvironmentFailed("there is no home for the key of releases", code="HG736", hint=hint) from error
