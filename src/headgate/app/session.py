"""A session: one project, its state, and the right to change one of its warehouses. All wiring of plugins is here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from headgate.core.address import fault_in_environment
from headgate.core.errors import EnvironmentFailed, LeaseHeld, Refused, UsageError, WarehouseLost

if TYPE_CHECKING:
    from headgate.app.engines import Access
    from headgate.app.recording import Recorder
    from headgate.app.released_settings import Released
    from headgate.app.state import StatePlace
    from headgate.core.declarations import Config, EngineConfig, EnvironmentConfig
    from headgate.core.grounds import Grounds
    from headgate.core.hashing import Digest
    from headgate.core.limits import Limits
    from headgate.core.ports.engine import Engine
    from headgate.core.ports.python import PythonRunner
    from headgate.core.ports.store import Entry, Lease, Reading, StateStore
    from headgate.core.records import EnvironmentRecord, Move
    from headgate.plugins.stores.cache import Cache
    from headgate.release.intended import Intended
    from headgate.release.recover import Recovery

FILE_WAIT_SECONDS = 30.0
"""How long a command waits for a warehouse file that another process holds."""

OWN_FOLDER = ".headgate"
"""The folder of caches in a project."""

_LEASE_POLL_SECONDS = 0.2
_SILENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Held:
    """The right to change a warehouse, with the warehouse open and everything that a crash left half done settled."""

    store: StateStore
    engine: Engine
    lease: Lease
    root: str
    recovered: tuple[Recovery, ...]
    recorder: Recorder

    def publish(
        self, intended: Intended, keeps: Iterable[Entry] = (), grounds: Grounds | None = None
    ) -> tuple[Move | None, float]:
        """Make the environment show what is intended; return the move, None where nothing moved, and its seconds.

        ``keeps`` are entries that are written with it. A release of a protected environment is recorded and signed,
        with the ``grounds`` that it rests on. Raises what ``release.publish`` does.
        """
        from headgate.release.publish import publish

        started = time.monotonic()
        move = publish(
            intended,
            store=self.store,
            engine=self.engine,
            lease=self.lease,
            clock=now,
            nonce=nonce,
            root=self.root,
            keeps=keeps,
            recording=self.recorder.of(intended.environment, grounds),
        )
        return move, time.monotonic() - started

    def forget_loads(self, builds: Iterable[Digest]) -> frozenset[Digest]:
        """Take out those loads that nobody holds; return which they were."""
        from headgate.release.unshown import forget_loads

        return forget_loads(
            builds, store=self.store, engine=self.engine, lease=self.lease, clock=now, by=self.lease.holder
        )


class Session:
    """One command's work on one project. What it opened is closed at the end of its ``with``.

    ``tell`` gets what the user should hear meanwhile: for whom the command waits.
    """

    def __init__(self, root: Path, config: Config, cache: Cache | None = None) -> None:
        self.root = root
        self.config = config
        self.tell: Callable[[str], None] = lambda _: None
        self._state: StatePlace | None = None
        self._store: StateStore | None = None
        self._cache = cache
        self._released: tuple[Mapping[str, EnvironmentRecord], Mapping[str, Released]] | None = None
        self._at_end: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for step in self._at_end:
            step()
        if self._cache is not None:
            self._cache.close()
        if self._state is not None:
            self._state.close()

    def at_end(self, step: Callable[[], None]) -> None:
        """Have ``step`` done at the end."""
        self._at_end.append(step)

    @property
    def cache(self) -> Cache:
        """The cache of the project."""
        if self._cache is None:
            from headgate.plugins.stores.cache import Cache

            with suppress(EnvironmentFailed):  # a repository that is only read has none, and nothing is remembered
                own_folder(self.root)
            self._cache = Cache(self.root / OWN_FOLDER / "cache.db")
        return self._cache

    def environment(self, name: str) -> EnvironmentConfig:
        """Return the environment's settings; raise ``UsageError`` for a name that cannot be one."""
        if fault := fault_in_environment(name):
            raise UsageError(fault)
        found = self.config.environment(name)
        if found is None:
            from headgate.app.denied import no_environment

            way = f'headgate.toml allows it with [environments.{name}], or any name with [environments."*"].'
            raise no_environment(name, self.config.environments, way)
        return found

    def recorded(self, reading: Reading, name: str) -> EnvironmentConfig:
        """Return the settings of an environment that somebody has named before; raise ``Refused`` for a new name.

        Settings for any name (``"*"``) let `apply` begin an environment. To look at one that is not there is a slip.
        """
        from headgate.app.denied import no_environment
        from headgate.release.stored import read_environments

        found = self.environment(name)
        known = {*self.config.environments, *read_environments(reading)}
        if name not in known:
            raise no_environment(name, known, f"headgate apply {name} makes it.")
        return found

    def released(self) -> Mapping[str, Released]:
        """Return what was released as protected, whatever headgate.toml says by now; what has bare schemas comes first.

        Cost: one scan of the environments; where one has moved since it was asked last, a look at the releases.
        """
        from headgate.app.released_settings import protected_releases
        from headgate.release.stored import read_environments

        with self.reading() as reading:
            records = read_environments(reading)
            if self._released is None or self._released[0] != records:
                self._released = records, protected_releases(reading, self.config, records)
        return self._released[1]

    def protected(self) -> Mapping[str, str]:
        """Return the protected environments with their engines: those released as such first, then those declared so.

        Of both the one with bare schemas comes first.
        """
        from headgate.app.released_settings import engines_of_protected

        return engines_of_protected(self.released(), self.config)

    def beside(self, environment: str) -> str | None:
        """Return the protected environment that ``environment`` stands beside: the first one of its engine, or None."""
        engine = self.environment(environment).engine
        others = (name for name, its in self.protected().items() if name != environment and its == engine)
        return next(others, None)

    def retain_seconds(self, environment: str) -> int:
        """Return how long a replaced build stays: of a protected environment, as it was released."""
        from headgate.app.released_settings import retain_seconds

        return retain_seconds(self.released().get(environment), self.config, environment)

    @property
    def state(self) -> StatePlace:
        """Where the state is: where the settings say, else beside the warehouse of the bare environment."""
        if self._state is None:
            from headgate.app.state import state_place

            shown = self.config.environment(self.config.bare)
            name = shown.engine if shown else next(iter(self.config.engines))
            self._state = state_place(self.config, self.root, self.warehouse(self.config.engines[name]), nonce)
        return self._state

    def warehouse(self, engine: EngineConfig) -> Path:
        """Return the path of an engine's warehouse; of a server the name of its state, beside which nothing lies."""
        return self.root / (engine.path or engine.name)

    def is_server(self, engine: str) -> bool:
        """Tell whether an engine is a server, which makes no file of its own."""
        return bool(self.config.engines[engine].url)

    def may_be_there(self, engine: str) -> bool:
        """Tell whether an engine can be opened: its file is there, or it is a server. Cost: one stat."""
        return self.is_server(engine) or self.warehouse(self.config.engines[engine]).exists()

    def warehouse_bytes(self, engine: str) -> int:
        """Return how large the file of a warehouse is; 0 where there is none."""
        try:
            return 0 if self.is_server(engine) else self.warehouse(self.config.engines[engine]).stat().st_size
        except OSError:
            return 0

    def store(self) -> StateStore:
        """Return the state, made where there is none yet."""
        if self._store is None:
            self._store = self.state.store()
            self._check_engines(self._store)
        return self._store

    def _check_engines(self, store: StateStore) -> None:
        """Raise ``Refused`` where an environment shows something in an engine that headgate.toml does not name."""
        from headgate.release.stored import read_environments, read_pointers

        with store.reading() as reading:
            strange = {
                n: r.engine for n, r in read_environments(reading).items() if r.engine not in self.config.engines
            }
            faults = [(n, engine) for n, engine in strange.items() if read_pointers(reading, n)]
        if faults:
            from headgate.core.diagnostic import Diagnostic

            text = "{} lives in the engine {}, which headgate.toml does not name"
            hint = "Give that engine its name again: [engines.{}]"
            raise Refused([Diagnostic("HG509", text.format(n, e), hint=hint.format(e)) for n, e in faults])

    def reading(self) -> Reading:
        """Return a consistent view of the state; of a state that does not exist yet an empty one, and none is made."""
        if self._store is None and not self.state.exists():
            from headgate.app.empty_state import EmptyReading

            return EmptyReading()
        return self.store().reading()

    def engine(self, name: str, *, is_read_only: bool = False, wait_seconds: float = FILE_WAIT_SECONDS) -> Engine:
        """Return an open session on the engine called ``name``; a warehouse that is only read must be there."""
        return self._opened_for(name, "read" if is_read_only else "write", wait_seconds, ())

    def engine_for_questions(
        self, name: str, files: Iterable[Path], *, wait_seconds: float = FILE_WAIT_SECONDS
    ) -> Engine:
        """Return an open session on the engine called ``name`` that writes nothing and reads ``files`` alone."""
        return self._opened_for(name, "ask", wait_seconds, tuple(files))

    def _opened_for(self, name: str, access: Access, wait_seconds: float, files: tuple[Path, ...]) -> Engine:
        from headgate.app.engines import open_engine, with_way_out

        config = self.config.engines[name]
        try:
            return open_engine(config, access, root=self.root, wait_seconds=wait_seconds, tell=self.tell, files=files)
        except WarehouseLost as lost:
            with self.reading() as reading:
                raise with_way_out(lost, reading, name, self.elsewhere(name) if self.state.is_shared else "") from None

    def is_protected(self, environment: str) -> bool:
        """Tell whether an environment is protected: one that was released as such stays so until a release frees it."""
        found = self.config.environment(environment)
        return bool(found and found.protected) or environment in self.released()

    @property
    def recorder(self) -> Recorder:
        """What records the releases of protected environments."""
        from headgate.app.recording import Recorder

        return Recorder(self.root, self.config, self.is_protected)

    def runner(self, root: Path | None = None) -> PythonRunner:
        """Return what calls the functions of Python assets; ``root`` is a copy of the project to take them from."""
        return open_runner(root or self.root, self.config.python)

    def check_warehouse(self, reading: Reading, engine: str) -> None:
        """Raise ``Diverged`` where the state knows what an engine shows, but its file is not there. Cost: one stat."""
        from headgate.app.engines import knows_tables
        from headgate.core.errors import Diverged

        path = self.warehouse(self.config.engines[engine])
        if self.may_be_there(engine) or not knows_tables(reading, engine):
            return
        again = "have it all built again: headgate doctor"
        hint = f"Put the warehouse file back; or {again}"
        if self.state.is_shared:
            hint = f"{self.elsewhere(engine)}\nIf the file is lost, put back a copy; or {again}"
        text = f"the warehouse {path.name} is not there, but the state knows tables in it"
        raise Diverged(text, code="HG520", hint=hint)

    def elsewhere(self, engine: str) -> str:
        """Return what to do where other machines share the state, but this one has not the warehouse's file."""
        name = self.warehouse(self.config.engines[engine]).name
        return (
            f"The state is shared, and {name} may be on another machine: a DuckDB file has one place.\n"
            f"Run Headgate where it is, or name it there by its path: [engines.{engine}] path."
        )

    def check_state(self, reading: Reading, engine: str) -> None:
        """Raise ``Diverged`` where the state knows nothing of an engine whose file belongs to another one: it is lost.

        Cost: the engine is opened, but only where the state knows no environment of it and its file is there. Where
        somebody else holds the file, nothing is told: whoever writes next looks again.
        """
        from headgate.core.errors import EngineBusy
        from headgate.release.recover import foreign_warehouse
        from headgate.release.stored import read_environments

        if not self.may_be_there(engine) or any(
            record.engine == engine for record in read_environments(reading).values()
        ):
            return
        try:
            opened = self.engine(engine, is_read_only=True, wait_seconds=0)
        except EngineBusy:
            return
        try:
            owner = opened.state()
        finally:
            opened.close()
        if owner is not None and (not self.state.exists() or owner != self.store().identity()):
            raise foreign_warehouse()

    def allowed(self, engine: str) -> tuple[Path, ...]:
        """Return the folders outside of the project that an engine may read."""
        return tuple(self.root / folder for folder in self.config.engines[engine].allow)

    @contextmanager
    def holding(
        self, environment: str, purpose: str, *, wait_seconds: float = 0, engine_name: str = ""
    ) -> Iterator[Held]:
        """Hold the lease of the environment's warehouse, open it, and settle what a crash left half done.

        Raises ``LeaseHeld`` where somebody else holds it for longer than ``wait_seconds``.
        """
        from headgate.release.recover import recover

        name = engine_name or self.environment(environment).engine
        with self._leased(environment, purpose, name, wait_seconds) as (store, lease):
            with store.reading() as reading:
                self.check_warehouse(reading, name)
            with self._opened(name) as engine:
                done = recover(store=store, engine=engine, lease=lease, clock=now)
                yield Held(store, engine, lease, str(self.root), done, self.recorder)

    @contextmanager
    def holding_as_found(
        self, environment: str, purpose: str, engine_name: str, *, wait_seconds: float
    ) -> Iterator[Held]:
        """Hold the lease and the warehouse with nothing settled or checked; a file that is not there is made."""
        with self._leased(environment, purpose, engine_name, wait_seconds) as (store, lease):  # noqa: SIM117
            with self._opened(engine_name) as engine:
                yield Held(store, engine, lease, str(self.root), (), self.recorder)

    @contextmanager
    def _leased(
        self, environment: str, purpose: str, engine_name: str, wait_seconds: float
    ) -> Iterator[tuple[StateStore, Lease]]:
        store = self.store()
        lease = self._acquire(store, f"engine/{engine_name}", environment, purpose, wait_seconds)
        try:
            yield store, lease
        finally:
            store.release(lease)

    @contextmanager
    def _opened(self, engine_name: str) -> Iterator[Engine]:
        engine = self.engine(engine_name)
        try:
            yield engine
        finally:
            engine.close()

    def settle(self, environment: str, *, wait_seconds: float = 0) -> tuple[Recovery, ...]:
        """Settle what a crash left half done, where the state shows any, and return what was done.

        Where somebody else is at work, what is half done is theirs: who does not wait goes on. Who waits gets to see
        what they made of it; raises ``LeaseHeld`` where they need longer than ``wait_seconds``.
        """
        if not self.is_unsettled() and not (wait_seconds and self._is_held(environment)):
            return ()
        try:
            with self.holding(environment, "recover", wait_seconds=wait_seconds) as held:
                return held.recovered
        except LeaseHeld:
            if wait_seconds:
                raise
            return ()

    def _is_held(self, environment: str) -> bool:
        with self.reading() as reading:
            return reading.lease(f"engine/{self.environment(environment).engine}") is not None

    def is_unsettled(self) -> bool:
        """Tell whether some move or build was begun and not ended: by a crash, or by somebody who is at work."""
        from headgate.core.records import Collection

        with self.reading() as reading:
            return any(next(iter(reading.scan(c)), None) for c in (Collection.INTENTS, Collection.PINS))

    def _acquire(self, store: StateStore, resource: str, environment: str, purpose: str, wait_seconds: float) -> Lease:
        from headgate.app.denied import at_work, held_by
        from headgate.core.ports.store import LeaseTaken

        began = time.monotonic()
        deadline = began + wait_seconds
        is_told = False
        text = f"{purpose}, process {os.getpid()}"
        while True:
            try:
                return store.acquire(resource, holder=holder(), purpose=text, at=now())
            except LeaseTaken as taken:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise held_by(taken, environment) from None
                if not is_told and time.monotonic() - began >= _SILENT_SECONDS:
                    self.tell(f"{at_work(taken, environment)}: waiting for that, up to {wait_seconds:g} s.")
                    is_told = True
                time.sleep(min(_LEASE_POLL_SECONDS, left))


def find_root(start: Path) -> Path:
    """Return the folder of the project that ``start`` is in: the nearest with ``headgate.toml``, else with ``assets``.

    The git repository that ``start`` is in goes first: a file that was left in a folder above it is none of its own.
    Raises ``UsageError`` where there is none.
    """
    if not start.is_dir():
        raise UsageError(f"{start} is not a folder")
    folders = (start.absolute(), *start.absolute().parents)
    own = next((number for number, folder in enumerate(folders, 1) if (folder / ".git").exists()), len(folders))
    for part in (folders[:own], folders[own:]):
        for name in ("headgate.toml", "assets"):
            for folder in part:
                if (folder / name).exists():
                    return folder
    raise UsageError("there is no headgate.toml here or above. Make a project: headgate new DIR")


def own_folder(root: Path) -> Path:
    """Return the project's folder of caches, made where it is missing; git does not see it."""
    folder = root / OWN_FOLDER
    try:
        folder.mkdir(exist_ok=True)
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text("*\n")
    except OSError as error:
        raise EnvironmentFailed(f"{folder} cannot be made: {error.strerror}", hint="Check its permissions.") from error
    return folder


def open_runner(root: Path, limits: Limits) -> PythonRunner:
    """Return what calls the functions of a project, within ``limits`` unless they say otherwise."""
    from headgate.plugins.python.runner import SubprocessRunner

    return SubprocessRunner(root, own_folder(root) / "calls", limits, os.environ)


def now() -> str:
    """Return the present time in UTC as ISO 8601 with microseconds."""
    seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{micros:06d}Z"


def nonce() -> str:
    """Return a text that was never given before: 128 random bits."""
    return os.urandom(16).hex()


def user() -> str:
    """Return who is at work."""
    for name in ("HEADGATE_USER", "LOGNAME", "USER", "USERNAME"):
        if text := os.environ.get(name):
            return text
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account that only a container knows
        return f"uid-{os.getuid()}"


def holder() -> str:
    """Return who holds a lease, and where."""
    return f"{user()}@{os.uname().nodename}"
