"""A database from before the catalogue had versions: after its upgrade the state is again what the history gives."""

from datetime import timedelta
from typing import Any

import asyncpg

from services.matching.book import MatchingBook
from services.matching.notes import BankNoted, NeedNoted, ProductTaken
from services.matching.service import service
from services.matching.snapshot import anonymous
from tests.unit.matching.samples import facts, product
from yuqiao.contracts.base import Event
from yuqiao.contracts.matches import NeedMatched
from yuqiao.contracts.values import Offer, Routing
from yuqiao.runtime.database import migrate, migration_files
from yuqiao.runtime.messages import derived_id
from yuqiao.runtime.process import service_folder
from yuqiao.runtime.settings import Settings

AT = product().at
NEED, FIRM = derived_id("need"), derived_id("firm")


def matched(round_: int, bank: str) -> NeedMatched:
    return NeedMatched(
        at=AT + timedelta(days=round_),
        enterprise=FIRM,
        need=NEED,
        round=round_,
        mode="platform",
        offers=(Offer.model_validate({"offer": derived_id(round_), "bank": bank, "product": "p", "score": "0.5"}),),
        measures=(),
        snapshot=anonymous(facts()),
    )


HISTORY: list[Event] = [
    BankNoted(at=AT, bank="bank01", daily_quota=5, enabled=True),
    ProductTaken(at=AT, bank="bank01", product=product()),
    NeedNoted(at=AT, enterprise=FIRM, need=NEED, facts=facts(), routing=Routing()),
    matched(1, "bank01"),
    matched(2, "bank02"),
]


async def as_it_was(conn: Any, book: MatchingBook) -> None:
    """The rows of the version before, which did not keep when banks were chosen."""
    for number, event in enumerate(HISTORY):
        await conn.execute(
            "INSERT INTO event_log (id, type, owner, key, sequence, at, cause, body)"
            " VALUES ($1, $2, $3, $3, 0, $4, 'c', $5)",
            derived_id("event", number),
            event.wire_type,
            event.key,
            event.at,
            event.to_json().decode(),
        )
    for bank in book.banks:
        await conn.execute("INSERT INTO bank VALUES ($1, $2)", bank.bank, bank.model_dump_json())
    for key, one in book.products.items():
        await conn.execute("INSERT INTO product VALUES ($1, $2)", key, one.model_dump_json())
    for name, used in book.quotas.items():
        await conn.execute("INSERT INTO quota VALUES ($1, $2, $3)", name, used.day, used.model_dump_json())
    for need in book.needs:
        body = need.model_copy(update={"asked_at": {}}).model_dump_json(exclude_defaults=True)
        await conn.execute("INSERT INTO need VALUES ($1, $2, 'matched', NULL, NULL, $3)", need.need, FIRM, body)


async def test_an_upgraded_state_is_the_fold_of_its_history(empty_database: str) -> None:
    folded = MatchingBook()
    for event in HISTORY:
        folded.apply(event)
    files = migration_files(service_folder("matching"))
    conn = await asyncpg.connect(empty_database)
    before = [file for file in files if file[0] < "service/0003_catalogue"]
    await migrate(conn, before)
    await as_it_was(conn, folded)
    assert await migrate(conn, files)
    saved = await service.store(Settings(service="matching")).load_all(conn)
    await conn.close()
    for shelf in ("needs", "products", "banks", "quotas", "totals"):
        assert dict(getattr(saved, shelf).items()) == dict(getattr(folded, shelf).items()), shelf
    assert saved.totals["bank01/p"].used == 1, "it counts though the product has no total quota"
    assert saved.needs[NEED].asked_at.keys() == {"bank01", "bank02"}
