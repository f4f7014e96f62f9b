"""What a mapping of properties says about loading, as it is written: understood when all is read that is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headgate.project.forms.loading import OF_DBT, OF_LOADING, OURS
from headgate.project.mapped import Mapped
from headgate.project.pieces import Stated, StatedKey

_OF_BOTH = frozenset({"unique_key", "lookback", "updated_at"})
"""Keys that dbt calls as we do."""


def read_loading(said: Mapped, config: Mapped | None) -> tuple[StatedKey, ...]:
    """Return what is said beside and below ``config:``."""
    own = (StatedKey(key, key, texts) for key in OF_LOADING if (texts := _texts(said, key)))
    return (*own, *_of_config(config)) if config is not None else tuple(own)


def as_dbt_names_it(keys: Iterable[StatedKey]) -> dict[str, str | list[str]]:
    """Return what ``config.get`` of a template finds: one text, or a list where several were given."""
    found = {one.written: [text.value for text in one.texts] for one in keys}
    return {key: texts[0] if len(texts) == 1 else texts for key, texts in found.items()}


def _of_config(config: Mapped) -> Iterator[StatedKey]:
    for key in (*OF_LOADING, *OF_DBT):
        if texts := _texts(config, key):
            yield StatedKey(OURS.get(key, key), key, texts, is_dbts=key in OF_DBT or key in _OF_BOTH)


def _texts(said: Mapped, key: str) -> tuple[Stated, ...]:
    """Return the texts of a key; one that is empty where something is given that is no text."""
    if key not in said:
        return ()
    return said.texts(key) or (Stated("", said.place(key)),)
