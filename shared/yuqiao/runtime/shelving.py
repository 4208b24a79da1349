"""Shelves in and out of tables: one statement to load a shelf, one to save what changed on it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from asyncpg import Connection

from yuqiao.contracts.base import Value
from yuqiao.runtime.book import Shelf
from yuqiao.runtime.writing import columns

V = TypeVar("V", bound=Value)
Models = Mapping[str, type[Value]]
"""What the bodies of each shelf are."""


async def load_shelf(conn: Connection, query: str, model: type[V], *arguments: Any) -> Shelf[V]:
    """The rows (id, body) of a query as a shelf."""
    return Shelf({r["id"]: model.model_validate_json(r["body"]) for r in await conn.fetch(query, *arguments)})


async def load_shelves(
    conn: Connection, query: str, models: Models, *arguments: Any, read_often: Collection[str] = ()
) -> dict[str, Shelf[Any]]:
    """The rows (shelf, id, body) of a query as shelves: all that a batch needs in one round trip.

    `read_often`: shelves of few rows that every batch reads and hardly anybody changes; the same text is read once.
    """
    found: dict[str, dict[str, Value]] = {name: {} for name in models}
    for row in await conn.fetch(query, *arguments):
        name = row["shelf"]
        read = _read_often if name in read_often else _read
        found[name][row["id"]] = read(models[name], row["body"])
    return {name: Shelf(rows) for name, rows in found.items()}


def _read(model: type[V], body: str) -> V:
    return model.model_validate_json(body)


_read_often = lru_cache(maxsize=1024)(_read)


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
