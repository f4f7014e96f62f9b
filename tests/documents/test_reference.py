"""The reference leaves nothing out, and every example of a help runs."""

import importlib
import inspect
import pkgutil
import shutil
from pathlib import Path

import pytest

import headgate.core.ports
from docs.write_commands import commands
from docs.write_extension_points import PORTS, extension_points
from headgate.cli.arguments import COMMANDS, parsers
from tests.cli.scenario import play
from tests.documents.page import Reader

EXAMPLES = [
    (name, line.strip())
    for name, parser in parsers().items()
    for line in (parser.epilog or "").splitlines()[1:]
    if line.strip()
]
TEXT = "/* headgate\nowner: ops\n*/\nselect f.carrier, {} as mean_delay from raw.flights as f group by all\n"
SETTINGS = """name = "shop"
[engines.local]
kind = "duckdb"
path = "warehouse.duckdb"
[environments.prod]
engine = "local"
protected = true
[environments."*"]
engine = "local"
"""
STAGING = SETTINGS + '[environments.staging]\nengine = "local"\nprotected = true\n'
PROJECT = f"""
--- file headgate.toml
{SETTINGS}
--- file .gitignore
*.duckdb*
*.state.db*
.headgate/
*.plan
--- file question.sql
select carrier from marts.carrier_delay
--- file assets/sources.yml
sources:
  - name: raw
    tables:
      - name: flights
      - name: orders
--- file assets/exposures.yml
exposures:
  - name: dashboards.punctuality
    type: dashboard
    owner: ops
    depends_on: [marts.carrier_delay]
    columns: [marts.carrier_delay.mean_delay]
--- file assets/marts/orders.sql
/* headgate
owner: ops
*/
select o.id from raw.orders as o
--- file assets/marts/daily_delays.sql
/* headgate
owner: ops
kind: incremental
time_column: day
start: 2013-01-01
*/
select f.day, f.arr_delay from raw.flights as f where f.day >= :start and f.day < :end
--- file assets/marts/carrier_delay.sql
{TEXT.format("avg(f.arr_delay)")}
--- run
$ git init -q
$ git add -A
$ git commit -q -m First
$ duckdb create schema raw; create table raw.flights as select 'UA' as carrier, 5 as arr_delay, date '2013-01-10' as day
$ duckdb create table raw.orders (id integer); create table raw.customers (id integer)
$ headgate apply dev --yes --quiet
...
$ headgate promote dev --yes --quiet
...
--- file assets/marts/carrier_delay.sql
{TEXT.format("max(f.arr_delay)")}
--- run
$ git commit -q -a -m Second
$ headgate apply dev --yes --quiet
...
$ headgate promote dev --yes --quiet
...
$ headgate run prod --quiet
...
--- file assets/marts/carrier_delay.sql
{TEXT.format("min(f.arr_delay)")}
--- run
$ git commit -q -a -m Third
$ headgate plan dev --quiet --out dev.plan
...
$ headgate apply pr-12 --yes --quiet
...
"""


DBT_PROJECT = """
--- file dbt_project.yml
name: jaffle_shop
--- file models/menu/dishes.sql
select 1 as dish
"""

_CONTRACT = "{{apiVersion: v3.1.0, kind: DataContract, id: {0}, version: 1.0.0, status: active, schema: [{1}]}}"
_OBJECT = "{{name: {0}, physicalName: {1}, properties: [{{name: {2}}}]}}"
CONTRACTS = f"""
--- file assets/shop/orders.sql
/* headgate
owner: ops
*/
select 1 as id
--- file assets/shop/customers.sql
/* headgate
owner: ops
contract: {{enforced: true}}
columns: [{{name: id, data_type: integer}}]
*/
select 1 as id
--- file orders.odcs.yaml
{_CONTRACT.format("orders", _OBJECT.format("orders", "shop.orders", "id"))}
--- file carrier_delay.odcs.yaml
{_CONTRACT.format("delays", _OBJECT.format("carrier_delay", "marts.carrier_delay", "carrier"))}
"""


ELSEWHERE = {
    "headgate ci --closed": "no job of a request, and no token to ask",
    "headgate diff local:raw.orders server:raw.orders --key id --tolerance price=0.01": "there is no engine server",
}
"""What is run where there is more than on a laptop, a forge or a second engine; and what says so here."""

SCENARIOS = """
scenarios:
  - name: a tenth of the rows gone waits for an owner
    given:
      - {asset: marts.orders, owner: ops, rows_removed: 10 %}
    expect: needs approval
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two releases, an open request and a saved plan."""
    folder = tmp_path_factory.mktemp("reference") / "shop"
    folder.mkdir()
    play(PROJECT, folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_the_examples_of_a_help_run(name: str, example: str, project: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    if name != "new":
        reader.folder = tmp_path / "shop"
        shutil.copytree(project, reader.folder)
    if name.startswith("import"):
        for folder in (reader.folder, tmp_path / "jaffle_shop"):
            play(DBT_PROJECT, folder)
    if name.startswith("contract"):
        play(CONTRACTS, reader.folder)
    if "staging" in example:
        (reader.folder / "headgate.toml").write_text(STAGING)
        reader.run('git commit -q -a -m "Another protected environment"')
    if example.startswith(("headgate approve dev", "headgate promote dev", "headgate report dev")):
        reader.run("headgate apply dev --yes")
    if name == "policy":
        (reader.folder / "tests" / "policy").mkdir(parents=True)
        (reader.folder / "tests" / "policy" / "finance.yml").write_text(SCENARIOS)
    output, status = reader.run(as_typed(example))
    if example in ELSEWHERE:
        assert status in (1, 2), output
        assert ELSEWHERE[example] in output
        return
    assert status == 0, output


def as_typed(example: str) -> str:
    """Return an example with questions answered and numbers put in; one that would go on for ever is run once."""
    known = (
        example.replace("--to 14", "--to 1")
        .replace("prod@14", "prod@1")
        .replace("prod 12", "prod 1")
        .replace(" 15 --", " 1 --")
        .replace(" --watch --every 5m", "")
    )
    parts = []
    for part in known.split(" && "):
        asks = part.split()[1] in ("apply", "approve", "promote", "rollback", "gc") or "run prod marts" in part
        asks = asks and "--yes" not in part
        parts.append(f"{part} --yes" if asks else part)
    return " && ".join(parts)


def test_every_command_option_and_example_is_in_the_reference() -> None:
    page = commands()
    assert {name.split()[0] for name in parsers()} == set(COMMANDS)
    for name, parser in parsers().items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section, name
        for action in parser._actions:
            for option in action.option_strings:
                assert action.help == "==SUPPRESS==" or f"`{option}" in page, (name, option)
    assert [line for _, line in EXAMPLES if f"\n{line}\n" not in page] == []


def test_every_command_has_an_example_of_its_own() -> None:
    assert [name for name in parsers() if not any(n == name and f"headgate {name}" in e for n, e in EXAMPLES)] == []


def test_every_port_is_in_the_reference() -> None:
    page = extension_points()
    names = [found.name for found in pkgutil.iter_modules(headgate.core.ports.__path__)]
    modules = [importlib.import_module(f"headgate.core.ports.{name}") for name in names]
    found = {c for m in modules for c in vars(m).values() if inspect.isclass(c) and c.__module__ == m.__name__}
    protocols = {c for c in found if getattr(c, "_is_protocol", False)}
    streams = {c for c in protocols if c.__name__ in ("ArrowStream", "OpenStream")}
    assert protocols - streams == set(PORTS), "streams are what ports pass on, not ports"
    for port in PORTS:
        section = page.partition(f"\n## {port.__name__}\n")[2].partition("\n## ")[0]
        assert [name for name in vars(port) if not name.startswith("_") and f"```python\n{name}" not in section] == []
