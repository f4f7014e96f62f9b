"""The repositories that are damaged: those of scenarios, the flights example, and two with Python assets and loads."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent

PYTHON: Mapping[str, bytes] = {
    "headgate.toml": b'name = "shop"\n\n[engines.local]\nkind = "duckdb"\npath = "w.duckdb"\n\n[environments.prod]\n'
    b'engine = "local"\nprotected = true\nretain = "7 days"\n\n[environments."*"]\nengine = "local"\n',
    "requirements.txt": b"polars\n",
    "data/orders.csv": b"id,amount,day\n1,10.5,2013-01-01\n2,7,2013-01-02\n3,,2013-01-03\n",
    "assets/raw/sources.yml": b"version: 2\nsources:\n  - name: raw\n    owner: ops\n    tables:\n"
    b"      - name: orders\n"
    b"        files: data/*.csv\n        format: csv\n        options: {delim: ','}\n        columns:\n"
    b"          - {name: id, data_type: BIGINT}\n          - {name: amount, data_type: DOUBLE}\n"
    b"          - {name: day, data_type: DATE}\n",
    "assets/raw/countries.csv": b"code,country\nde,Germany\nfr,France\n",
    "assets/marts/days.sql": b"/* headgate\nkind: table\nowner: ops\ndescription: per day\ntags: [a, b]\ncolumns:\n"
    b"  - name: day\n    data_type: date\n*/\nwith o as (select day, amount from raw.orders where amount > 1)\n"
    b"select o.day, sum(o.amount) as amount, count(*) as orders\nfrom o\ngroup by o.day\n",
    "assets/marts/best.sql": b"-- headgate\n"
    b"select d.day, case when d.amount > 3 then 'high' else \"amount\"::varchar end as "
    b"kind,\n  row_number() over (order by d.amount desc) as place\nfrom marts.days as d\n",
    "assets/marts/properties.yml": b"models:\n  - &best\n    name: best\n    owner: ops\n    description: >-\n"
    b"      the best\n"
    b"    columns: [{name: day, description: day}, {name: kind}, {name: place, data_type: BIGINT}]\n"
    b"    meta: {a: [1, x]}\n"
    b"exposures:\n  - name: board\n    type: dashboard\n    owner: {name: ops}\n    depends_on: [ref('best')]\n",
    "assets/marts/py.py": b"import headgate as hg\nimport lib.words\nimport pyarrow as pa\n\n\n@hg.table(\n"
    b'    inputs={"days": "marts.days"},\n    columns={"day": "DATE", "n": "BIGINT"},\n    reads={"n": ["days.day"]},\n'
    b'    owner="ops",\n    timeout="10 seconds",\n    memory="1 GB",\n    deterministic=True,\n)\n'
    b"def words(days: pa.Table):\n    return days\n",
    "lib/words.py": b"WORDS = ('a', 'b')\n",
    "lib/__init__.py": b"",
}

LOADED: Mapping[str, bytes] = {
    "data/visits.csv": b"id,page,seen_at,is_gone\n1,a,2026-01-01 10:00:00,false\n2,b,2026-01-02 11:00:00,true\n",
    "assets/raw/raw.yml": b"sources:\n  - name: raw\n    owner: ops\n    cron: 0 5 * * *\n    tables:\n"
    b"      - {name: visits, path: data/visits.csv}\n",
    "assets/marts/days.sql": b"/* headgate\nowner: ops\nkind: incremental\ntime_column: day\ngrain: day\n"
    b"time_zone: Europe/Berlin\nlookback: 2 days\nstart: 2026-01-01\nbatch: 30\ncron: '0-59/15 * * * mon-fri'\n*/\n"
    b"select seen_at::date as day, count(*) as visits\nfrom raw.visits\n"
    b"where seen_at >= :start - interval 1 day and seen_at < :end\ngroup by all\n",
    "assets/marts/visits.sql": b"/* headgate\nowner: ops\nkind: incremental\nunique_key: [id, page]\n"
    b"deletes: is_gone\nhistory: keep\n*/\nselect id, page, seen_at, is_gone from raw.visits\n",
    "assets/marts/pages.sql": b"select id, page, seen_at from raw.visits\n",
    "assets/marts/looks.sql": b"select id, page from marts.visits\n",
    "assets/marts/marts.yml": b"models:\n  - name: pages\n    owner: ops\n    kind: snapshot\n    unique_key: id\n"
    b"    updated_at: seen_at\n    deletes: missing\n  - name: looks\n    owner: ops\n"
    b"    config: {materialized: snapshot, strategy: check, unique_key: id, check_cols: all, hard_deletes: ignore}\n",
}


@cache
def repositories() -> tuple[Mapping[str, bytes], ...]:
    """Return the files of every repository, by path."""
    found: list[Mapping[str, bytes]] = [PYTHON, PYTHON, PYTHON, PYTHON, LOADED, LOADED, LOADED, _example()]
    for scenario in sorted((HERE / "tests" / "scenarios").glob("*.txt")):
        files: dict[str, bytes] = {}
        for section in ("\n" + scenario.read_text()).split("\n--- ")[1:]:
            head, _, body = section.partition("\n")
            if head.startswith("file "):
                files[head.removeprefix("file ").strip()] = (body + "\n").encode()
        if any(path.startswith("assets/") for path in files):
            found.append(files)
    return tuple(found)


def _example() -> Mapping[str, bytes]:
    """Return the flights example with a few rows of data in place of its own."""
    top = HERE / "src" / "headgate" / "app" / "examples" / "flights"
    ends = (".sql", ".yml", ".toml", ".py")
    return {str(p.relative_to(top)): p.read_bytes() for p in sorted(top.rglob("*")) if p.suffix in ends}


def write(files: Mapping[str, bytes], root: Path) -> None:
    """Make a repository of these files in an empty folder."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / "assets").mkdir(exist_ok=True)


def chosen(chance: random.Random) -> Mapping[str, bytes]:
    """Return one of them."""
    return chance.choice(repositories())
