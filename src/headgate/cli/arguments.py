"""The arguments of every command: their names, their help, examples. Parsers are made one at a time, when used."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from headgate.cli.argument_values import instant, instant_or_age, moment, number, positive, seconds
from headgate.cli.contract_arguments import contract, contract_export, contract_import
from headgate.cli.diff_arguments import diff
from headgate.cli.editor_arguments import completion, schema
from headgate.cli.evidence_arguments import record, verify
from headgate.cli.gate_arguments import add_override, approve, policy, report
from headgate.cli.import_arguments import import_, import_dbt, import_source
from headgate.cli.job_arguments import ci, export
from headgate.cli.parser import Parser, WrongUsage
from headgate.cli.parser import describe as _describe

COMMANDS = {
    "new": "make a project, empty or with an example",
    "import": "declare tables that exist, or take over a dbt project",
    "contract": "write data contracts out, or take one over",
    "check": "tell every fault of the repository",
    "test": "try assets out on a few rows: unit tests",
    "policy": "try the policy of the gate out on scenarios",
    "plan": "show what an apply would do, and why",
    "apply": "build what is lacking, then let the environment show it",
    "report": "write down what a change does to data, as a page and more",
    "approve": "agree to what a change does to your assets",
    "promote": "let production show what dev shows",
    "run": "take in new data, and what is due, with the released code",
    "runs": "list what runs took in, and what they left",
    "rollback": "let an environment show again what it showed before",
    "releases": "list what was released, when and by whom",
    "verify": "tell whether releases are what was signed",
    "record": "print the signed record of a release, or the key that signs",
    "status": "list the environments and what they show",
    "show": "show an asset: columns, inputs, readers, builds",
    "lineage": "follow a column to what steers it, or to what it steers",
    "sql": "ask a question of an environment",
    "diff": "lay two environments, releases or tables beside each other",
    "ci": "for a job of a request: build, measure, decide, tell",
    "schema": "print JSON Schemas of your files, for editors",
    "export": "write jobs for GitHub Actions or GitLab CI",
    "gc": "drop what nobody can come back to",
    "doctor": "tell where warehouse and state have drifted apart",
    "completion": "print a script that completes commands in bash, zsh or fish",
}

_OPTIONS = """
Options of every command:
  -C, --project DIR     the project's folder (here, or the nearest above)
  --json                one object on standard output and nothing else
  --quiet               no progress, no hints
  --no-color            as the variable NO_COLOR
  --help                more about a command, with examples

Exit status: 0 done; 1 refused, or a fault in the repository; 2 wrong usage;
3 the engine, the state or the disk failed; 10 changes (--exit-code)."""


def overview() -> str:
    """Return the help of Headgate as a whole."""
    lines = ["Headgate plans, builds, releases and rolls back tables.", "", "  headgate COMMAND [options]", ""]
    lines += [f"  {name:<10} {text}" for name, text in COMMANDS.items()]
    lines += ["", "Begin with: headgate new shop --example flights", _OPTIONS]
    return "\n".join(lines)


def parse(command: str, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command; raise ``WrongUsage``. ``--help`` prints and ends with 0."""
    name = command
    if command in _PARTS:
        what, arguments = _part_meant(command, arguments)
        name = f"{command} {what}".rstrip()
    parser = parser_of(name)
    options = parser.parse_args(list(arguments))
    options.command = command
    if command in _PARTS:
        options.what = what
    if command in ("plan", "apply"):
        _take_environment_out_of_refresh(options)
    return options


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of every command in the order of the help, those of its parts included: for the reference."""
    names: list[str] = []
    for command in COMMANDS:
        names += [f"{command} {what}".rstrip() for what in _PARTS.get(command, {"": None})]
    return {name: parser_of(name) for name in names}


def parser_of(name: str) -> Parser:
    """Return the parser of a command, made now; each part of one (`import dbt`) has one of its own."""
    command, _, what = name.partition(" ")
    parser = Parser(name)
    (_PARTS[command][what] if command in _PARTS else _PARSERS[command])(parser)
    _add_common(parser, can_change=command in ("apply", "approve", "promote", "run", "rollback", "gc", "doctor"))
    return parser


def _add_common(parser: Parser, *, can_change: bool) -> None:
    group = parser.add_argument_group("of every command")
    group.add_argument("-C", "--project", metavar="DIR", default="", help="the project's folder")
    group.add_argument("--json", action="store_true", help="one object on standard output and nothing else")
    group.add_argument("--quiet", "-q", action="store_true", help="no progress, no hints")
    group.add_argument("--no-color", action="store_true", help="as the variable NO_COLOR")
    answer = "do it without asking" if can_change else argparse.SUPPRESS
    group.add_argument("--yes", "-y", action="store_true", help=answer)
    group.add_argument("--help", "-h", action="help", help="show this")


def _new(parser: Parser) -> None:
    _describe(
        parser,
        "Make a project in DIR: headgate.toml, a folder for assets, a README, and a git repository with a first "
        "commit where git is there. In a folder that holds something already only what a project needs is added. "
        "Nothing that exists is overwritten.",
        "headgate new shop",
        "headgate new .",
        "headgate new shop --example flights && cd shop && headgate apply dev",
    )
    parser.add_argument("directory", metavar="DIR", help="the folder to make")
    parser.add_argument("--example", metavar="NAME", default="", help="begin with an example: flights")
    parser.add_argument("--name", default="", help="the project's name (the folder's, by default)")


def _part_meant(command: str, arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return which part of a command is meant, and its arguments; empty where only help is wanted."""
    for at, argument in enumerate(arguments):
        before = arguments[at - 1] if at else ""
        if argument in _PARTS[command] and argument and before not in ("-C", "--project"):
            return argument, [*arguments[:at], *arguments[at + 1 :]]
    if "--help" in arguments or "-h" in arguments:
        return "", list(arguments)
    raise WrongUsage(_PART_MISSING[command], command)


def _check(parser: Parser) -> None:
    _describe(
        parser,
        "Tell every fault of the repository at once, with file, line and a hint. Neither warehouse nor state is "
        "needed.",
        "headgate check",
        "headgate check --json",
    )
    _add_watch(parser)


def _test(parser: Parser) -> None:
    _describe(
        parser,
        "Try assets out on a few rows: each unit test in tests/*.yml gives rows to the inputs of an asset and says "
        "which rows have to come out. It runs in memory and needs no warehouse. It ends with 1 where a test fails or "
        "cannot be run.",
        "headgate test",
        "headgate test marts.carrier_delay",
    )
    parser.add_argument("address", metavar="ADDRESS", nargs="?", default="", help="the tests of this asset (of all)")
    _add_watch(parser)


def _plan(parser: Parser) -> None:
    _describe(
        parser,
        "Show what applying the working tree would do to an environment: what changes and why, what is built "
        "again, what is reused and why that is safe, which exposures are reached. Nothing is changed. For a "
        "protected environment it shows what promoting dev would do.",
        "headgate plan",
        "headgate plan pr-12 --select marts.carrier_delay+",
        "headgate plan dev --out dev.plan && headgate apply --plan dev.plan",
        "headgate plan --show dev.plan",
    )
    parser.add_argument("environment", metavar="ENV", nargs="?", default=None, help="dev, by default")
    _add_narrowing(parser)
    parser.add_argument("--verbose", "-v", action="store_true", help="every address, with its reason")
    parser.add_argument("--out", metavar="FILE", help="save the plan")
    parser.add_argument("--show", metavar="FILE", help="show a saved plan, even if it is stale by now")
    parser.add_argument("--exit-code", action="store_true", help="end with 10 where there are changes")
    _add_since(parser)
    _add_watch(parser)


def _apply(parser: Parser) -> None:
    _describe(
        parser,
        "Build what is lacking, then let the environment show it, at once. Where anything fails, the environment "
        "stays as it was, and the next apply goes on with what is finished. Protected environments are changed by "
        "promote alone.",
        "headgate apply dev",
        "headgate apply pr-12 --select marts.carrier_delay+ --yes",
        "headgate apply --plan dev.plan",
        "headgate apply dev --refresh raw.orders",
    )
    parser.add_argument("environment", metavar="ENV", nargs="?", default=None, help="dev, by default")
    parser.add_argument("--plan", metavar="FILE", help="carry out a saved plan, or refuse it")
    _add_narrowing(parser)
    _add_since(parser)
    parser.add_argument("--threads", type=positive, default=0, metavar="N", help="build so many at once at most")
    _add_wait(parser)


def _promote(parser: Parser) -> None:
    _describe(
        parser,
        "Let a protected environment show what another one shows, as far as that is the committed code. Pointers "
        "move, in one transaction; nothing is computed or copied. It is a release, with its commit, and can be "
        "rolled back.",
        "headgate promote dev",
        "headgate promote pr-12 --to staging --yes --wait 5m",
        "headgate promote dev --adopt",
    )
    parser.surplus = "a promotion takes over all that an environment shows"
    parser.add_argument("source", metavar="FROM", help="the environment to take over from")
    parser.add_argument("--to", metavar="ENV", help="the environment to change (the protected one)")
    adopt = "tables of somebody else that have the names of assets get others; a rollback gives them back"
    parser.add_argument("--adopt", action="store_true", help=adopt)
    add_override(parser)
    _add_wait(parser)


def _run(parser: Parser) -> None:
    _describe(
        parser,
        "Take new data into an environment, with the code that it was released with, whatever the working tree says: "
        "what has new input, and what is due by its times. All of it is built aside and shown at once; where anything "
        "fails, readers go on seeing what they saw, and the next run goes on. With --since or --until intervals are "
        "loaded again on purpose, with those of all that reads them.",
        "headgate run prod",
        "headgate run prod --now 2013-02-01T06:00:00Z",
        "headgate run prod --watch --every 5m",
        "headgate run prod marts.daily_delays --since 2013-01-10 --until 2013-01-12",
    )
    parser.add_argument("environment", metavar="ENV", nargs="?", default=None, help="prod, by default")
    asked = "with --since: these, and what reads them"
    parser.add_argument("address", metavar="ADDRESS", nargs="*", default=[], help=asked)
    parser.add_argument("--since", metavar="TIME", type=moment, help="load again from then on, as clocks show there")
    parser.add_argument("--until", metavar="TIME", type=moment, help="load again until then")
    parser.add_argument("--watch", action="store_true", help="go on until Ctrl-C or SIGTERM, looking again and again")
    parser.add_argument("--every", metavar="TIME", type=seconds, default=60.0, help="with --watch: how often (60s)")
    add_override(parser)
    _add_now(parser)
    parser.add_argument("--threads", type=positive, default=0, metavar="N", help="build so many at once at most")
    _add_wait(parser)


def _add_since(parser: Parser) -> None:
    told = "begin incrementals there, where they begin anew: 2013-02-01, or 7d (7 days) ago; never promoted"
    parser.add_argument("--since", metavar="TIME", type=instant_or_age, default=None, help=told)
    _add_now(parser)


def _add_now(parser: Parser) -> None:
    parser.add_argument("--now", metavar="TIME", type=instant, help="take this for the present: 2013-02-01T06:00:00Z")


def _runs(parser: Parser) -> None:
    _describe(
        parser,
        "List the runs of an environment, newest first: when, what came of it, how much came in. With a number, show "
        "what that one did with each asset, and why others were left as they are.",
        "headgate runs prod",
        "headgate runs prod 12",
    )
    parser.add_argument("environment", metavar="ENV", nargs="?", default=None, help="prod, by default")
    parser.add_argument("number", metavar="NUMBER", nargs="?", type=positive, default=0, help="this one alone")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="so many at most (20; 0 for all)")


def _rollback(parser: Parser) -> None:
    _describe(
        parser,
        "Let an environment show again what it showed before: pointers move, in one transaction. It is a release, "
        "too, so a rollback of a rollback goes forward again.",
        "headgate rollback prod",
        "headgate rollback prod --to 14",
    )
    parser.surplus = "a rollback takes back all that an environment shows"
    parser.add_argument("environment", metavar="ENV", help="the environment to change")
    parser.add_argument("--to", metavar="RELEASE", type=positive, help="its number (the one before, by default)")
    _add_wait(parser)


def _releases(parser: Parser) -> None:
    _describe(
        parser,
        "List the releases of an environment, newest first: number, time, who, commit, what changed.",
        "headgate releases",
        "headgate releases dev --limit 5",
    )
    parser.add_argument("environment", metavar="ENV", nargs="?", default=None, help="the protected one, by default")
    parser.add_argument("--limit", "-n", metavar="N", type=number, default=20, help="so many at most; 0 for all (20)")


def _status(parser: Parser) -> None:
    _describe(
        parser,
        "List the environments: what they show, since when, from which commit, and who is changing them.",
        "headgate status",
        "headgate status prod",
    )
    parser.add_argument("environment", metavar="ENV", nargs="?", default=None, help="this one, with all its assets")


def _show(parser: Parser) -> None:
    _describe(
        parser,
        "Show an asset: what it is, its columns and types, what it reads, who reads it, its build in each environment.",
        "headgate show marts.carrier_delay",
        "headgate show carrier_delay --json",
        "headgate show carrier_delay --sql",
    )
    parser.add_argument("address", metavar="ADDRESS", help="schema.name, or a name that only one asset has")
    parser.add_argument("--sql", action="store_true", help="show its SQL alone; of a template what that gives")


def _lineage(parser: Parser) -> None:
    _describe(
        parser,
        "Follow a column, or all of an asset, across assets: from a dashboard up to the columns of sources, or down. "
        "Values go on as identity, transformation or aggregation; filter, join, group by, sort, window and "
        "conditional steer without going in. What is not understood is opaque: it may do anything.",
        "headgate lineage dashboards.punctuality.mean_delay",
        "headgate lineage raw.flights.arr_delay --downstream --direct",
        "headgate lineage marts.carrier_delay --json",
    )
    parser.add_argument("address", metavar="ADDRESS[.COLUMN]", help="an asset, or one of its columns")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--upstream", action="store_true", help="what steers it (the default)")
    way.add_argument("--downstream", action="store_true", help="what it steers")
    parser.add_argument("--depth", metavar="N", type=number, default=0, help="so many steps at most; 0 for all (0)")
    parser.add_argument("--direct", action="store_true", help="only where values go on, or may")
    parser.add_argument(
        "--openlineage", action="store_true",
        help="events of OpenLineage, one a line for each asset on the way, with its facet columnLineage",
    )  # fmt: skip


def _sql(parser: Parser) -> None:
    _describe(
        parser,
        "Ask a question of an environment: staging.flights means what it shows under that name. Nothing can be "
        "written. The query is read from standard input where it is -.",
        'headgate sql dev "select * from marts.carrier_delay limit 5"',
        "headgate sql prod - --format csv < question.sql > answer.csv",
    )
    parser.add_argument("environment", metavar="ENV", help="the environment to ask")
    parser.add_argument("query", metavar="QUERY", help="one SELECT")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="of the answer (table)")
    parser.add_argument("--limit", metavar="N", type=number, default=None, help="rows at most; 0 for all (table: 100)")


def _gc(parser: Parser) -> None:
    _describe(
        parser,
        "Drop builds that no environment shows, that no rollback within the time of retention can need, and what "
        "belongs to them alone.",
        "headgate gc --dry-run",
        "headgate gc --drop-environment pr-12 --yes",
    )
    parser.add_argument("--dry-run", action="store_true", help="only tell what would go")
    parser.add_argument("--drop-environment", metavar="ENV", action="append", default=[], help="and this environment")
    parser.add_argument("--engine", metavar="NAME", default="", help="in this engine, where there are several")
    _add_wait(parser)


def _doctor(parser: Parser) -> None:
    _describe(
        parser,
        "Tell where a warehouse and the state have drifted apart: a view dropped or edited by hand, a table that is "
        "gone or altered, leftovers. Without --repair nothing is changed. It ends with 0 where all is as recorded, "
        "with 1 where something is not, with 3 where it cannot look.",
        "headgate doctor",
        "headgate doctor --repair",
    )
    parser.add_argument("--engine", metavar="NAME", default="", help="in this engine alone")
    parser.add_argument("--repair", action="store_true", help="say what would be done, ask, and do it")
    _add_wait(parser)


def _add_narrowing(parser: Parser) -> None:
    parser.add_argument(
        "--select", metavar="NAME", action="append", default=[],
        help="only these and what must move with them (the plan says why): marts.x, marts.*, "
        "+marts.x with what it reads and its new data, marts.x+ with what reads it",
    )  # fmt: skip
    parser.add_argument(
        "--refresh", metavar="ADDRESS", nargs="*", default=None,
        help="capture source tables again: those named, or all (files are seen by content)",
    )  # fmt: skip


def _add_watch(parser: Parser) -> None:
    parser.add_argument("--watch", action="store_true", help="again whenever a file changes, until Ctrl-C")


def _add_wait(parser: Parser) -> None:
    parser.add_argument("--wait", metavar="TIME", type=seconds, default=0.0, help="for whoever is at work: 30s, 5m")


def _take_environment_out_of_refresh(options: argparse.Namespace) -> None:
    """Read ``apply --refresh dev`` as people mean it: an address has a dot, an environment has none."""
    if options.refresh and options.environment is None and "." not in options.refresh[-1]:
        options.environment = options.refresh.pop()


_PARSERS: dict[str, Callable[[Parser], None]] = {
    "new": _new,
    "check": _check,
    "test": _test,
    "policy": policy,
    "plan": _plan,
    "apply": _apply,
    "report": report,
    "approve": approve,
    "promote": _promote,
    "run": _run,
    "runs": _runs,
    "rollback": _rollback,
    "releases": _releases,
    "verify": verify,
    "record": record,
    "status": _status,
    "show": _show,
    "lineage": _lineage,
    "sql": _sql,
    "diff": diff,
    "gc": _gc,
    "doctor": _doctor,
    "ci": ci,
    "schema": schema,
    "export": export,
    "completion": completion,
}

_PARTS: dict[str, dict[str, Callable[[Parser], None]]] = {
    "import": {"": import_, "source": import_source, "dbt": import_dbt},
    "contract": {"": contract, "export": contract_export, "import": contract_import},
}

_PART_MISSING = {"import": "say what to import: source or dbt", "contract": "say what to do: export or import"}
