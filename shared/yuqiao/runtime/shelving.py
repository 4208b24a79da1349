"""Shelves in and out of tables: one statement to load a shelf, one to save what changed on it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from asyncpg import Connection

from yuqiao.contracts.base import Value
from yuqiao.runtime.book import Shelf
from yuqiao.runtime.writing import columns

V = TypeVar("V", bound=Value)
Kinds = Mapping[str, tuple[str, type[Value]]]
"""Shelf by shelf: the query of (id, body) by $1 = keys, and the model of the body."""


async def load_shelf(conn: Connection, query: str, model: type[V], *arguments: Any) -> Shelf[V]:
    """The rows (id, body) of a query as a shelf."""
    return Shelf({r["id"]: model.model_validate_json(r["body"]) for r in await conn.fetch(query, *arguments)})


async def load_shelves(conn: Connection, kinds: Kinds, keys: Sequence[str]) -> dict[str, Shelf[Any]]:
    """Several shelves in one round trip; at least one of the queries uses its keys."""
    found: dict[str, dict[str, Value]] = {name: {} for name in kinds}
    for row in await conn.fetch(_together(tuple((name, query) for name, (query, _) in kinds.items())), list(keys)):
        name = row["shelf"]
        found[name][row["id"]] = kinds[name][1].model_validate_json(row["body"])
    return {name: Shelf(rows) for name, rows in found.items()}


@lru_cache(maxsize=100)
def _together(queries: tuple[tuple[str, str], ...]) -> str:
    """One statement out of several, each row with the name of its shelf."""
    parts = (f"SELECT '{name}' AS shelf, id, body FROM ({query}) AS {name}" for name, query in queries)  # noqa: S608 - our own
    return " UNION ALL ".join(parts)


async def save_shelf(
    conn: Connection, query: str, shelf: Shelf[V], row: Callable[[str, V], Sequence[Any]] | None = None
) -> None:
    """Upsert the changed rows: (id, *row(id, value), body) as column arrays. Nothing is said when nothing changed."""
    rows = [
        (id_, *(row(id_, value) if row else ()), value.model_dump_json(exclude_defaults=True))
        for id_, value in shelf.changes()
    ]
    if rows:
        await conn.execute(query, *columns(rows))


async def drop_rows(conn: Connection, query: str, ids: Iterable[str]) -> None:
    """Delete rows by id."""
    if found := list(ids):
        await conn.execute(query, found)
