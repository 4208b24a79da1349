"""Shelves in and out of tables: one statement to load those of a service, one to save what changes together."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

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
    return shelves_of(await conn.fetch(query, *arguments), models, read_often)


def shelves_of(rows: Iterable[Any], models: Models, read_often: Collection[str] = ()) -> dict[str, Shelf[Any]]:
    """Rows (shelf, id, body) as shelves, see `load_shelves`."""
    found: dict[str, dict[str, Value]] = {name: {} for name in models}
    for row in rows:
        name = row["shelf"]
        read = _read_often if name in read_often else _read
        found[name][row["id"]] = read(models[name], row["body"])
    return {name: Shelf(shelf) for name, shelf in found.items()}


def _read(model: type[V], body: str) -> V:
    return model.model_validate_json(body)


_read_often = lru_cache(maxsize=1024)(_read)


class Changed(NamedTuple, Generic[V]):
    """A shelf to be saved, and the `between` columns that its rows have after id and before body: `row(id, value)`."""

    shelf: Shelf[V]
    between: int = 0
    row: Callable[[str, V], Sequence[Any]] = lambda _id, _value: ()

    def columns(self) -> list[list[Any]]:
        """The changed rows as column arrays: id, what `row` gives, body."""
        rows = [
            (id_, *self.row(id_, value), value.model_dump_json(exclude_defaults=True))
            for id_, value in self.shelf.changes()
        ]
        return columns(rows, self.between + 2)


async def save_shelves(conn: Connection, query: str, *shelves: Changed[Any]) -> None:
    """Upsert the changed rows of shelves that mostly change together: the query takes the columns of the first, of the second …

    Nothing is said when nothing changed.
    """
    if any(changed.shelf.changes() for changed in shelves):
        await conn.execute(query, *(column for changed in shelves for column in changed.columns()))


async def drop_rows(conn: Connection, query: str, ids: Iterable[str]) -> None:
    """Delete rows by id."""
    if found := list(ids):
        await conn.execute(query, found)
