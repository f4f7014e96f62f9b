"""Random worlds and random edits of them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from plan_stage import Asset, Col, Exposure, Src, World

from headgate.core.declarations import Kind

COLUMNS = ("a", "b", "c", "d")


@st.composite
def worlds(draw: st.DrawFn, *, max_assets: int = 7, tainted: bool = True) -> dict[str, Asset | Src | Exposure]:
    """Draw a world of up to two sources, some assets in topological order, and an exposure."""
    world: dict[str, Asset | Src | Exposure] = {}
    for number in range(draw(st.integers(1, 2))):
        content = draw(st.sampled_from([None, "x", "y"]))
        world[f"raw.s{number}"] = Src(COLUMNS[: draw(st.integers(1, 3))], content)
    for number in range(draw(st.integers(1, max_assets))):
        world[f"m.t{number}"] = draw(assets(world, tainted=tainted))
    world["dash.d"] = Exposure(draw(reads(world)))
    return world


def reads(world: World) -> st.SearchStrategy[tuple[str, ...]]:
    every = [f"{name}.{c}" for name, item in world.items() if not isinstance(item, Exposure) for c in item.columns]
    return st.lists(st.sampled_from(every), max_size=3, unique=True).map(tuple) if every else st.just(())


@st.composite
def assets(draw: st.DrawFn, world: World, *, tainted: bool = True) -> Asset:
    """Draw an asset that reads some of ``world``."""
    known = [name for name, item in world.items() if not isinstance(item, Exposure)]
    inputs = tuple(draw(st.lists(st.sampled_from(known), max_size=3, unique=True)))
    below = {name: world[name] for name in inputs}
    flag = st.sampled_from([False, False, False, tainted])
    names = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3, unique=True))
    columns = {n: Col(draw(st.integers(0, 2)), draw(reads(below)), draw(st.booleans()), draw(flag)) for n in names}
    kind = draw(st.sampled_from([Kind.TABLE, Kind.TABLE, Kind.VIEW])) if inputs else Kind.SEED
    return Asset(columns, inputs, kind, draw(st.integers(0, 2)), draw(reads(below)), draw(flag))


@st.composite
def edits(draw: st.DrawFn, world: World, *, tables: bool = True) -> dict[str, Asset | Src | Exposure]:
    """Draw the world after one to three small edits; without ``tables`` the engine's tables stay as they are.

    What happens to those is no edit of the repository, and cannot be undone by one: each capture is new.
    """
    edited = dict(world)
    for _ in range(draw(st.integers(1, 3))):
        _edit(draw, edited)
    if not tables:
        edited |= {n: item for n, item in world.items() if isinstance(item, Src) and item.content is None}
    return edited


def _edit(draw: st.DrawFn, world: dict[str, Asset | Src | Exposure]) -> None:
    name = draw(st.sampled_from(list(world)))
    item = world[name]
    if isinstance(item, Src):
        world[name] = draw(st.sampled_from([replace(item, content="z"), replace(item, type="TEXT"), item]))
    elif isinstance(item, Exposure):
        world[name] = Exposure(draw(reads({n: i for n, i in world.items() if n != name})))
    else:
        how = draw(st.sampled_from(["column", "rows", "add", "drop", "order", "kind", "remove", "new", "taint"]))
        _edit_asset(draw, world, name, item, how)


def _edit_asset(draw: st.DrawFn, world: dict[str, Asset | Src | Exposure], name: str, item: Asset, how: str) -> None:
    column = draw(st.sampled_from(sorted(item.columns)))
    before = dict(list(world.items())[: list(world).index(name)])
    if how == "column":
        world[name] = replace(item, columns={**item.columns, column: replace(item.columns[column], salt=9)})
    elif how == "rows":
        world[name] = replace(item, salt=item.salt + 10)
    elif how == "add":
        world[name] = replace(item, columns={**item.columns, "e": Col(5)})
    elif how == "drop" and len(item.columns) > 1:
        world[name] = replace(item, columns={n: c for n, c in item.columns.items() if n != column})
    elif how == "order":
        world[name] = replace(item, columns=dict(reversed(item.columns.items())))
    elif how == "kind" and item.kind is not Kind.SEED:
        world[name] = replace(item, kind=Kind.TABLE if item.kind is Kind.VIEW else Kind.VIEW)
    elif how == "remove":
        del world[name]
    elif how == "new":
        world[name] = draw(assets(before))
    elif how == "taint":
        world[name] = replace(item, tainted_rows=not item.tainted_rows, salt=item.salt + 20)
