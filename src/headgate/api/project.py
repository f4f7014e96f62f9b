"""The project: every command as a function. Each call reads the files and the state anew, so edits in between count."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from headgate.api.applying import Report, apply_plan, apply_tree
from headgate.api.contracts import Contract, ContractImport
from headgate.api.findings import Asset, Checked, Releases, Status
from headgate.api.moves import Garbage, Promotion, Released, Rollback
from headgate.api.opening import demand_consent, names_of, repository_at, session_at
from headgate.api.plans import Applied, Plan
from headgate.api.relation import Readers, Relation
from headgate.api.running import Ran
from headgate.api.tested import Tested
from headgate.app.plan import Request
from headgate.app.session import find_root
from headgate.core.errors import UsageError

Names = str | tuple[str, ...] | list[str]
"""One name or several."""

if TYPE_CHECKING:
    from headgate.core.declarations import Config


def open_project(path: str | Path = ".") -> Project:
    """Return the project at ``path`` or in the nearest folder above it.

    Raises ``UsageError`` where there is none, ``Refused`` for a faulty ``headgate.toml``.

    >>> import headgate
    >>> headgate.open(".").name
    'shop'
    """
    return Project(find_root(Path(path)))


class Project:
    """One project. What only looks returns at once; what changes something wants a plan that was looked at, or a yes.

    Nothing stays open between two calls, except the Arrow streams of ``sql`` and ``table`` that are not read yet; the
    end of a ``with`` closes those.

    >>> import headgate
    >>> with headgate.open() as project:
    ...     plan = project.plan("dev")
    ...     done = project.apply(plan)
    >>> print(project.plan("dev"))
    dev equals the working tree: nothing to do.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = self._config().name
        self._readers = Readers()

    def __repr__(self) -> str:
        return f"<headgate project {self.name} in {self.root}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def check(self) -> Checked:
        """Return every fault of the repository. Neither warehouse nor state is needed.

        >>> import headgate
        >>> headgate.open().check()
        no faults in 2 assets
        """
        from headgate.app.check import check

        with repository_at(self.root) as (session, repository):
            return Checked(check(session, repository))

    def test(self, name: str = "") -> Tested:
        """Return how all unit tests ended, or those of one asset. No warehouse is needed.

        >>> import headgate
        >>> headgate.open().test("revenue").failed
        1
        """
        from headgate.app.test import test

        with repository_at(self.root) as (session, repository):
            return Tested(test(session, repository, name))

    def plan(self, environment: str = "dev", *, select: Names = (), refresh: Names | None = None) -> Plan:
        """Return what applying the working tree would do. Nothing is changed.

        ``select`` and ``refresh`` mean what they do on the command line; ``refresh=()`` captures all source tables
        again. For a protected environment ask ``plan_promotion``.

        >>> import headgate
        >>> [step.address for step in headgate.open().plan("dev", select="marts.*").changes]
        ['marts.revenue']
        """
        from headgate.app.plan import plan

        with repository_at(self.root) as (session, repository):
            if session.is_protected(environment):
                text = f"{environment} is protected: plan_promotion(SOURCE, to={environment!r}) says what would change"
                raise UsageError(text)
            return Plan(plan(session, repository, _request(environment, select, refresh)), self.root)

    def saved_plan(self, path: str | Path) -> Plan:
        """Return the plan that ``Plan.save``, or ``headgate plan --out``, left in a file, even if it is stale by now.

        >>> import headgate
        >>> project = headgate.open()
        >>> project.plan("dev").save("dev.plan")
        >>> project.saved_plan("dev.plan").stale
        ()
        """
        from headgate.app.plan import saved

        with session_at(self.root) as session:
            return Plan(saved(Path(path), session), self.root)

    def apply(
        self,
        plan: Plan | str = "dev",
        *,
        yes: bool = False,
        select: Names = (),
        refresh: Names | None = None,
        threads: int = 0,
        wait_seconds: float = 0,
        report: Report | None = None,
    ) -> Applied:
        """Build what is lacking, then let the environment show it, at once.

        A plan is carried out as it is, or refused (``Refused``) where something has moved since. An environment's name
        means the working tree as it is now, and that needs ``yes=True``. ``report`` is told a line for each table
        (``print`` will do). Where anything fails, the environment stays as it was and the failures are raised:
        ``Refused`` for those of the user's code, ``EnvironmentFailed`` for those of the engine.

        >>> import headgate
        >>> headgate.open().apply("dev", yes=True, report=print)  # doctest: +ELLIPSIS
        marts.revenue  2 rows  0.0... s
        dev: 1 new build, 1 as before. Published at once in ... ms.
        """
        if isinstance(plan, Plan):
            if select or refresh is not None:
                raise UsageError("a plan is carried out as it is: give select and refresh to Project.plan")
            with session_at(self.root) as session:
                session.settle(plan.environment)
                planned = plan._planned  # one package
                return apply_plan(session, planned, report=report, threads=threads, wait_seconds=wait_seconds)
        demand_consent(yes=yes, way="Project.plan")
        request = _request(plan, select, refresh)
        with repository_at(self.root) as (session, repository):
            return apply_tree(session, repository, request, report=report, threads=threads, wait_seconds=wait_seconds)

    def plan_promotion(self, source: str = "dev", *, to: str | None = None) -> Promotion:
        """Return what promoting ``source`` would do to a protected environment, by default the only one.

        >>> import headgate
        >>> project = headgate.open()
        >>> done = project.apply("dev", yes=True)
        >>> project.plan_promotion("dev").kept
        1
        """
        from headgate.app.releasing.promotion import plan_promotion

        with repository_at(self.root) as (session, repository):
            return Promotion(plan_promotion(session, repository, source=source, to=to), session.config.name)

    def promote(
        self, promotion: Promotion | str, *, to: str | None = None, yes: bool = False, wait_seconds: float = 0
    ) -> Released:
        """Let a protected environment show what another one shows: pointers move, in one transaction.

        A promotion is made as it was planned, or refused. The name of the environment to take over from needs
        ``yes=True``. Raises ``Refused`` where the environment shows something that is in no commit.

        >>> import headgate
        >>> project = headgate.open()
        >>> done = project.apply("dev", yes=True)
        >>> print(project.promote("dev", yes=True))  # doctest: +ELLIPSIS
        prod now shows 1 new asset, 1 as before. Switched in ... ms. ... Back again: headgate rollback prod
        """
        from headgate.api.moving import promote_now

        if not isinstance(promotion, Promotion):
            demand_consent(yes=yes, way="Project.plan_promotion")
        with repository_at(self.root) as (session, repository):
            return promote_now(session, repository, promotion, to=to, wait_seconds=wait_seconds)

    def run(
        self,
        environment: str = "prod",
        *,
        now: str = "",
        since: str = "",
        until: str = "",
        addresses: Names = (),
        threads: int = 0,
        wait_seconds: float = 0,
        report: Report | None = None,
    ) -> Ran:
        """Take new data into an environment, with the code that it was released with, and show it at once.

        ``now`` is an instant to take for the present (ISO 8601, UTC), none that is still to come. With ``since`` or
        ``until``, as the clocks of the assets' zones show, intervals of ``addresses`` and of all that reads them are
        loaded again. Where anything fails, nothing is published and the failures are raised as by ``apply``.

        >>> import headgate
        >>> print(headgate.open().run("prod"))
        prod: nothing new, nothing due. Release 1 stays as it is.
        """
        from headgate.api.running import run_now
        from headgate.app.given_times import present
        from headgate.app.run import RunRequest

        request = RunRequest(environment, present(now), names_of(addresses), since, until)
        with repository_at(self.root) as (session, repository):
            return run_now(session, repository, request, report=report, threads=threads, wait_seconds=wait_seconds)

    def plan_rollback(self, environment: str, *, to: int | None = None) -> Rollback:
        """Return what going back to release ``to``, by default the one before, would do.

        >>> import headgate
        >>> project = headgate.open()
        >>> done = project.apply("dev", yes=True)
        >>> print(project.plan_rollback("dev"))  # doctest: +ELLIPSIS
        dev will show release 1 again (1 asset, of ..., the same source data).
        """
        from headgate.app.rollback import plan_rollback

        with session_at(self.root) as session:
            return Rollback(plan_rollback(session, environment, to=to))

    def rollback(
        self, rollback: Rollback | str, *, to: int | None = None, yes: bool = False, wait_seconds: float = 0
    ) -> Released:
        """Let an environment show again what it showed before. A name needs ``yes=True``.

        >>> import headgate
        >>> project = headgate.open()
        >>> done = project.apply("dev", yes=True)
        >>> project.rollback(project.plan_rollback("dev")).release
        1
        """
        from headgate.api.moving import rollback_now

        if not isinstance(rollback, Rollback):
            demand_consent(yes=yes, way="Project.plan_rollback")
        with session_at(self.root) as session:
            return rollback_now(session, rollback, to=to, wait_seconds=wait_seconds)

    def releases(self, environment: str | None = None, *, limit: int = 20) -> Releases:
        """Return the last releases of an environment, by default of the protected one; ``limit=0`` returns all.

        >>> import headgate
        >>> len(headgate.open().releases("dev"))
        1
        """
        from headgate.app.releases import releases

        with session_at(self.root) as session:
            return Releases(releases(session, environment, limit=max(0, limit)))

    def status(self, environment: str | None = None) -> Status:
        """Return what the environments show, or one of them with all its assets.

        >>> import headgate
        >>> [(shown.address, shown.build.rows) for shown in headgate.open().status("dev")["dev"].shows]
        [('marts.revenue', 2), ('shop.orders', 3)]
        """
        from headgate.app.status import status

        with repository_at(self.root) as (session, repository):
            return Status(status(session, environment, repository=repository if environment else None))

    def show(self, name: str) -> Asset:
        """Return what is known of an asset: ``schema.name``, or a name that only one has.

        >>> import headgate
        >>> headgate.open().show("shop.orders").readers
        ('marts.revenue',)
        """
        from headgate.app.show import show

        with repository_at(self.root) as (session, repository):
            return Asset(show(session, repository, name))

    def contract(self, name: str) -> Contract:
        """Return the contract that an asset belongs to; of an asset without one a draft of what it is.

        >>> import headgate
        >>> contract = headgate.open().contract("marts.revenue")
        >>> [column["name"] for column in contract.document["schema"][0]["properties"]]
        ['customer', 'total']
        """
        from headgate.app.contracts import export_contracts

        with repository_at(self.root) as (session, repository):
            (found,) = export_contracts(session, repository, name)
            return Contract(found)

    def contracts(self) -> tuple[Contract, ...]:
        """Return all contracts that are enforced or were imported. Raises ``UsageError`` where there is none.

        >>> import headgate
        >>> project = headgate.open()
        >>> with open("theirs.yaml", "w") as file:
        ...     length = file.write(project.contract("revenue").text.replace("draft", "active"))
        >>> done = project.import_contract("theirs.yaml", yes=True)
        >>> [contract.id for contract in project.contracts()]
        ['marts.revenue']
        """
        from headgate.app.contracts import export_contracts

        with repository_at(self.root) as (session, repository):
            return tuple(map(Contract, export_contracts(session, repository)))

    def import_contract(
        self, path: str | Path, *, asset: str = "", to: str = "", replace: bool = False, yes: bool = False
    ) -> ContractImport:
        """Declare what a contract in a file says of its assets. Without ``yes=True`` nothing is written, only returned.

        ``asset`` is the one that a contract with one object describes; ``to`` is the property file for what stands in
        none. What is declared otherwise is written over with ``replace=True`` alone, else ``Refused``.

        >>> import headgate
        >>> project = headgate.open()
        >>> project.contract("marts.revenue").save("theirs.yaml")
        >>> project.import_contract("theirs.yaml", yes=True)
        nothing to do: what marts.revenue says of marts.revenue is declared already.
        Kept, without effect:
          marts.revenue  its status is draft: it is declared and not enforced
        """
        from headgate.app.contracts import import_contract

        with repository_at(self.root) as (session, repository):
            file = Path(path)
            made = import_contract(session, repository, file, to=to, named=asset, replaces=replace, is_written=yes)
            return ContractImport(made, yes)

    def plan_gc(self, *, drop: Names = (), engine: str = "") -> Garbage:
        """Return the builds that nobody can come back to; those of the environments ``drop`` as well.

        >>> import headgate
        >>> headgate.open().plan_gc()
        Nothing to drop.
        """
        from headgate.app.gc import plan_gc

        with session_at(self.root) as session:
            names = names_of(drop)
            return Garbage(plan_gc(session, drop=names, engine=engine), names, is_dropped=False)

    def gc(
        self,
        garbage: Garbage | None = None,
        *,
        drop: Names = (),
        engine: str = "",
        yes: bool = False,
        wait_seconds: float = 0,
    ) -> Garbage:
        """Drop what nobody can come back to, and return what went. Without what ``plan_gc`` returned say ``yes=True``.

        >>> import headgate
        >>> project = headgate.open()
        >>> project.gc(project.plan_gc(drop="dev")).environments
        ('dev',)
        """
        from headgate.app.gc import gc

        if garbage is None:
            demand_consent(yes=yes, way="Project.plan_gc")
        else:
            drop, engine = garbage._drop, garbage.engine  # one package
        names = names_of(drop)
        with session_at(self.root) as session:
            session.settle(names[0] if names else next(iter(session.protected()), "dev"), wait_seconds=wait_seconds)
            return Garbage(gc(session, drop=names, engine=engine, wait_seconds=wait_seconds), names, is_dropped=True)

    def sql(self, environment: str, query: str) -> Relation:
        """Return the answer to one SELECT, which is asked when its rows are: ``marts.revenue`` is what is shown then.

        >>> import headgate
        >>> headgate.open().sql("prod", "select sum(total) as total from marts.revenue")
        prod · select sum(total) as total from marts.revenue
        total
           22
        (1 row)
        """
        title = " ".join(query.split())
        return Relation(self.root, environment, lambda: query, title=title, readers=self._readers)

    def table(self, environment: str, name: str) -> Relation:
        """Return what an environment shows as ``schema.name``, or under a name that only one has; nothing is read yet.

        >>> import headgate
        >>> headgate.open().table("dev", "shop.orders")
        dev · shop.orders
        customer  amount
        ada           10
        ada            5
        bob            7
        (3 rows)
        """
        return Relation(
            self.root, environment, partial(self._query_of, environment, name), title=name, readers=self._readers
        )

    def close(self) -> None:
        """Close the Arrow readers that were given away. The end of a ``with`` does that, too."""
        self._readers.close()

    def _query_of(self, environment: str, name: str) -> str:
        from headgate.app.sql import query_of

        with session_at(self.root) as session:
            return query_of(session, environment, name)

    def _config(self) -> Config:
        with session_at(self.root) as session:
            return session.config


def _request(environment: str, select: Names, refresh: Names | None) -> Request:
    return Request(environment, names_of(select), None if refresh is None else names_of(refresh))
