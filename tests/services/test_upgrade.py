"""A database of an earlier version: after its upgrade the state is again what the history gives."""

from datetime import timedelta
from typing import Any

import asyncpg

from services.intake import notes as intake
from services.intake.book import IntakeBook
from services.intake.service import service as intake_service
from services.matching.book import MatchingBook
from services.matching.notes import BankNoted, NeedNoted, ProductTaken
from services.matching.service import service
from services.matching.snapshot import anonymous
from tests.unit.matching.samples import facts, product
from yuqiao.contracts.base import Event
from yuqiao.contracts.matches import NeedMatched
from yuqiao.contracts.needs import (
    EnterpriseConfirmed,
    EnterpriseDisputed,
    EnterprisesWord,
    IdentityWithheld,
    NeedRegistered,
)
from yuqiao.contracts.values import Offer, Origin, Routing
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
    await logged(conn, HISTORY)
    for bank in book.banks:
        await conn.execute("INSERT INTO bank VALUES ($1, $2)", bank.bank, bank.model_dump_json())
    for key, one in book.products.items():
        await conn.execute("INSERT INTO product VALUES ($1, $2)", key, one.model_dump_json())
    for name, used in book.quotas.items():
        await conn.execute("INSERT INTO quota VALUES ($1, $2, $3)", name, used.day, used.model_dump_json())
    for need in book.needs:
        body = need.model_copy(update={"asked_at": {}}).model_dump_json(exclude_defaults=True)
        await conn.execute("INSERT INTO need VALUES ($1, $2, 'matched', NULL, NULL, $3)", need.need, FIRM, body)


async def logged(conn: Any, history: list[Event]) -> None:
    for number, event in enumerate(history):
        await conn.execute(
            "INSERT INTO event_log (id, type, owner, key, sequence, at, cause, body)"
            " VALUES ($1, $2, $3, $3, 0, $4, 'c', $5)",
            derived_id("event", number),
            event.wire_type,
            event.key,
            event.at,
            event.to_json().decode(),
        )


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


def withheld(reason: str) -> IdentityWithheld:
    place = {"enterprise": FIRM, "need": NEED, "offer": derived_id(reason), "bank": "bank01"}
    return IdentityWithheld(at=AT, reason=reason, **place)


def said(kind: type[EnterprisesWord], statement: str, day: int) -> Event:
    place = {"enterprise": FIRM, "need": NEED, "offer": derived_id("offer"), "bank": "bank01"}
    return kind(at=AT + timedelta(days=day), statement=statement, **place)


REGISTERED = NeedRegistered(
    at=AT,
    enterprise=FIRM,
    need=NEED,
    origin=Origin(channel="scan"),
    routing=Routing(),
    batched=False,
    facts=facts(),
)
ANSWERED: list[Event] = [
    REGISTERED,
    intake.OffersNoted(
        at=AT,
        enterprise=FIRM,
        need=NEED,
        offers={derived_id("offer"): "bank01", derived_id("other"): "bank02"},
        due_at=AT,
    ),
    said(EnterpriseConfirmed, "contacted", 1),
    said(EnterpriseDisputed, "approved", 2),
    said(EnterpriseDisputed, "contacted", 3),
]
WAITED: list[Event] = [
    intake.BankNoted(at=AT, bank="bank01", name="测试银行", key_id="k", public_key="", enabled=on)
    for on in (True, False)
] + [
    REGISTERED,
    intake.LenderAwaited(at=AT, enterprise=FIRM, need=NEED, offer=derived_id("offer"), bank=derived_id("name")),
    withheld("bank_key_missing"),
    withheld("consent_missing"),
]


async def the_need(conn: Any, book: IntakeBook) -> None:
    need = book.needs[NEED]
    stated, body = need.facts.stated_on, need.model_dump_json()
    await conn.execute("INSERT INTO need VALUES ($1, $2, true, $3, $4)", NEED, FIRM, stated, body)


async def test_what_waited_for_a_bank_before_entries_were_counted_is_the_fold_of_its_history(
    empty_database: str,
) -> None:
    folded = IntakeBook()
    for event in WAITED:
        folded.apply(event)
    files = migration_files(service_folder("intake"))
    conn = await asyncpg.connect(empty_database)
    await migrate(conn, [file for file in files if file[0] < "service/0004"])
    await logged(conn, WAITED)
    for bank in folded.banks:
        await conn.execute("INSERT INTO bank VALUES ($1, $2)", bank.bank, bank.model_dump_json(exclude={"entry"}))
    await the_need(conn, folded)
    for one in folded.pendings:
        body = one.model_dump_json(exclude={"seen"})
        await conn.execute("INSERT INTO pending VALUES ($1, $2, $3, $4)", one.offer, FIRM, one.bank, body)
    assert await migrate(conn, files)
    store = intake_service.store(Settings(service="intake"))
    saved = await store.load_all(conn)
    for shelf in ("banks", "pendings"):
        assert dict(getattr(saved, shelf).items()) == dict(getattr(folded, shelf).items()), shelf
    assert await store.due(conn, AT, 9) == [], "the bank is switched off"
    await conn.execute("UPDATE bank SET enabled = true")
    assert [due.offer for due in await store.due(conn, AT, 9)] == [derived_id("bank_key_missing")]
    await conn.close()


async def test_what_an_enterprise_said_before_its_words_were_kept_is_the_fold_of_its_history(
    empty_database: str,
) -> None:
    folded = IntakeBook()
    for event in ANSWERED:
        folded.apply(event)
    files = migration_files(service_folder("intake"))
    conn = await asyncpg.connect(empty_database)
    await migrate(conn, [file for file in files if file[0] < "service/0005"])
    await logged(conn, ANSWERED)
    await the_need(conn, folded)
    untold = derived_id("another need")
    for need in (NEED, untold):
        body = folded.progress[NEED].model_dump_json(exclude_defaults=True, exclude={"offers": {"__all__": {"words"}}})
        await conn.execute("INSERT INTO progress VALUES ($1, $2, $3)", need, FIRM, body)
    assert await migrate(conn, files)
    saved = await intake_service.store(Settings(service="intake")).load_all(conn)
    await conn.close()
    assert saved.progress[NEED] == folded.progress[NEED]
    assert [len(offer.words) for offer in saved.progress[NEED].offers] == [2, 0]
    assert [len(offer.words) for offer in saved.progress[untold].offers] == [0, 0]
