"""The cache of digests: never a wrong one, whatever the clock of the file system does."""

from __future__ import annotations

import os
from pathlib import Path

from headgate.core.hashing import content_digest
from headgate.project.files import FileCache
from headgate.project.load import load
from headgate.project.walk import walk

ASSET = "assets/marts/x.sql"
OLD, NEW = b"/* headgate\nowner: ops\n*/\nselect 1 as one\n", b"/* headgate\nowner: ops\n*/\nselect 2 as one\n"


def repository(root: Path) -> Path:
    (root / ASSET).parent.mkdir(parents=True)
    (root / ASSET).write_bytes(OLD)
    return root


def digest_of(root: Path, cache: FileCache) -> str:
    (asset,) = load(root, cache=cache).assets
    return asset.file.digest


def years_later() -> int:
    return 4_000_000_000_000_000_000


def again(cache: FileCache) -> FileCache:
    return FileCache.from_text(cache.to_text())


def test_a_file_that_rested_is_known_again(tmp_path: Path) -> None:
    root = repository(tmp_path)
    cache = FileCache(clock=years_later)
    load(root, cache=cache)
    stat = walk(root).files[ASSET]
    assert again(cache).digest(ASSET, stat) == content_digest([OLD])


def test_a_file_changed_within_the_tick_in_which_it_was_read_is_read_again(tmp_path: Path) -> None:
    root = repository(tmp_path)
    moment = (root / ASSET).stat().st_mtime_ns
    cache = FileCache(clock=lambda: moment + 1)
    digest_of(root, cache)
    assert again(cache).digest(ASSET, walk(root).files[ASSET]) is None


def test_a_change_of_the_same_size_is_seen_although_the_time_was_set_back(tmp_path: Path) -> None:
    root = repository(tmp_path)
    before = (root / ASSET).stat()
    cache = FileCache(clock=years_later)
    assert digest_of(root, cache) == content_digest([OLD])
    (root / ASSET).write_bytes(NEW)
    os.utime(root / ASSET, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digest_of(root, again(cache)) == content_digest([NEW])


def test_a_file_put_in_its_place_is_seen(tmp_path: Path) -> None:
    root = repository(tmp_path)
    cache = FileCache(clock=years_later)
    digest_of(root, cache)
    (root / "other").write_bytes(NEW)
    (root / "other").replace(root / ASSET)
    assert digest_of(root, again(cache)) == content_digest([NEW])


def test_the_digest_is_that_of_the_text_that_is_declared(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (asset,) = load(root, cache=FileCache()).assets
    assert asset.file.digest == content_digest([asset.text.encode()])
    assert asset.file.size == len(asset.text.encode())


def test_a_broken_cache_is_an_empty_one(tmp_path: Path) -> None:
    root = repository(tmp_path)
    stat = walk(root).files[ASSET]
    texts = ("", "{", "[]", "null", "1", '{"files":1}', '{"format":1,"files":{"assets/marts/x.sql":[1,2]}}',
             '{"format":1,"files":{"assets/marts/x.sql":null}}', '{"format":1,"files":[]}', "[" * 100_000)  # fmt: skip
    for text in texts:
        assert FileCache.from_text(text).digest(ASSET, stat) is None
        assert digest_of(root, FileCache.from_text(text)) == content_digest([OLD])


def test_a_digest_of_another_algorithm_is_not_believed(tmp_path: Path) -> None:
    root = repository(tmp_path)
    cache = FileCache(clock=years_later)
    load(root, cache=cache)
    text = cache.to_text().replace("h1:", "h0:")
    assert digest_of(root, FileCache.from_text(text)) == content_digest([OLD])


def test_files_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    root = repository(tmp_path)
    cache = FileCache(clock=years_later)
    load(root, cache=cache)
    (root / ASSET).unlink()
    later = again(cache)
    load(root, cache=later)
    assert ASSET not in later.to_text()
