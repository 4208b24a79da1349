"""Who the enterprise is stays with intake: matching holds it nowhere and says it to nobody."""

import json
from typing import Any

from services.matching.messages import RunRound
from tests.services.house import House
from tests.services.test_catalogue import BANK, open_bank
from tests.unit.intake.samples import NEED, csv_bytes, row
from yuqiao.contracts.envelope import Envelope
from yuqiao.contracts.from_bank import OfferDecline
from yuqiao.contracts.matches import NeedMatched, NeedUnmatched, NeedWaiting
from yuqiao.contracts.streams import MATCHES
from yuqiao.contracts.to_bank import NeedOffered

LISTED = row(1)
SECRETS = [NEED[name] for name in ("enterprise_name", "uscc", "contact_name", "contact_phone")]
SECRETS += [LISTED[name] for name in ("企业名称", "统一社会信用代码", "联系人", "电话")]
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"


async def everything_of(pool: Any) -> dict[str, str]:
    """Every table of a service as text."""
    tables = [r["table_name"] for r in await pool.fetch(TABLES)]
    return {table: str(await pool.fetch(f'SELECT t::text FROM "{table}" AS t')) for table in tables}


def found_in(places: dict[str, str]) -> set[tuple[str, str]]:
    """(place, what identifies the enterprise and stands there), as text or as the bytes of a record."""
    written = [(secret, form) for secret in SECRETS for form in (secret, secret.encode().hex())]
    return {(place, secret) for place, text in places.items() for secret, form in written if form in text}


def on_the_wire(house: House) -> dict[str, str]:
    """Matching's stream as text: keys, bodies and headers."""
    records = [r for r in house.records if r.topic == MATCHES.name]
    parts = [part for r in records for part in (r.key, r.value, *(value for _, value in r.headers))]
    return {MATCHES.name: "\n".join(part.decode() for part in parts if part)}


async def run_of_everything(house: House) -> None:
    """A need stated live and one from a list: offered, declined and without a bank; a second without room."""
    await open_bank(house)
    async with house.calling("intake") as operator:
        for number, change in enumerate(({}, {"amount_cny": "900000000.00"})):
            headers = {"Idempotency-Key": str(number)}
            (await operator.post("/needs", json=NEED | change, headers=headers)).raise_for_status()
        files = {"file": ("清单.csv", csv_bytes([LISTED]))}
        (await operator.post("/lists", files=files)).raise_for_status()
    await house.settle()
    await house.rooms["matching"].submit(RunRound(id="now"))
    await house.settle()
    for offered in house.said(NeedOffered):
        house.write(OfferDecline(at=house.now, bank=BANK, offer=offered.offer, reason="N1"))
    await house.settle()
    await house.rooms["matching"].submit(RunRound(id="again"))
    await house.settle()
    for kind in (NeedMatched, NeedWaiting, NeedUnmatched):
        assert house.said(kind), kind.wire_type


async def test_nothing_that_identifies_an_enterprise_is_in_matching_or_on_its_stream(house: House) -> None:
    await run_of_everything(house)
    tables = await everything_of(house.rooms["matching"].pool)
    assert {"need", "event_log", "inbox", "quota", "total", "learnt"} <= tables.keys()
    assert BANK in tables["learnt"], "a bank's answer was learnt from"
    assert tables["event_log"].count("need.matched") >= 2
    assert found_in(tables) == set()
    assert "need" in (wire := on_the_wire(house))[MATCHES.name]
    assert found_in(wire) == set()


async def test_it_would_be_found(house: House) -> None:
    pool = house.rooms["matching"].pool
    body = json.dumps({"notes": SECRETS}, ensure_ascii=False)
    await pool.execute("INSERT INTO need VALUES ('n', 'e', 'noted', NULL, NULL, $1)", body)
    await pool.execute("CREATE TABLE raw AS SELECT convert_to($1, 'UTF8') AS record", body)
    envelope = Envelope("id", "need.matched", "", house.now, "", 0)
    house.publish(MATCHES.name, "key", body.encode(), envelope)
    found = found_in(await everything_of(pool) | on_the_wire(house))
    assert found == {(place, secret) for place in ("need", "raw", MATCHES.name) for secret in SECRETS}
