"""A bank's `ce_id` stands for one body, whatever need it speaks of and in whatever order things come."""

import json
from datetime import datetime

import asyncpg
from pydantic import SecretStr

from deploy.verify.evidence import emptied
from services.feedback.service import service
from tests.services.house import House
from tests.services.test_catalogue import BANK, open_bank
from tests.services.test_early import Post, state
from yuqiao.contracts.base import REGISTRY
from yuqiao.contracts.cases import IssueRaised, ReplyApplied, ReplyRefused
from yuqiao.contracts.from_bank import DocumentsComplete, IssueReport, OfferAccept
from yuqiao.contracts.to_bank import NeedOffered, Receipt
from yuqiao.runtime.database import migrate, migration_files
from yuqiao.runtime.messages import BEIJING, derived_id
from yuqiao.runtime.process import service_folder
from yuqiao.runtime.settings import Settings

AT = datetime(2022, 12, 28, tzinfo=BEIJING)


async def same_as_folded(house: House) -> bool:
    """Whether feedback's kept replies are what its own history says."""
    room = house.rooms["feedback"]
    async with room.reading() as conn:
        saved = await room.store.load_all(conn)
        folded = emptied(saved)
        for row in await conn.fetch("SELECT type, body FROM event_log ORDER BY seq"):
            folded.apply(REGISTRY[row["type"]].from_json(row["body"].encode()))
    return dict(saved.replies.items()) == dict(folded.replies.items())


def receipts(house: House) -> list[tuple[str | None, str, list[str]]]:
    return [(r.answers, r.result, [reason.code for reason in r.reasons]) for r in house.said(Receipt)][1:]


async def test_an_id_that_was_used_for_one_enterprise_is_refused_for_another(house: House) -> None:
    await open_bank(house)
    await state(house, 1)
    await state(house, 2)
    await house.settle()
    first, second = [OfferAccept(at=house.now, bank=BANK, offer=o.offer) for o in house.said(NeedOffered)]
    for reply in (first, second, first):
        house.write(reply, "1")
        await house.settle()
    assert receipts(house) == [("1", "applied", []), ("1", "refused", ["id_reused"]), ("1", "duplicate", [])]
    assert await same_as_folded(house)


async def test_a_reply_is_answered_though_it_stands_where_another_stood_in_a_topic_that_was_made_anew(
    house: House,
) -> None:
    await open_bank(house)
    await state(house, 1)
    await house.settle()
    (offered,) = house.said(NeedOffered)
    place = {"at": house.now, "bank": BANK, "offer": offered.offer}
    accept, issue = OfferAccept(**place), IssueReport(**place, category="documents", note="资料不全")
    house.write(accept, "1")
    await house.settle()
    for reply, ce_id in ((accept, "1"), (issue, "2")):
        house.make_anew(accept.topic)
        house.write(reply, ce_id)
        await house.settle()
    assert receipts(house) == [("1", "applied", []), ("1", "duplicate", []), ("2", "applied", [])]
    assert [issue.offer for issue in house.said(IssueRaised)] == [offered.offer]


async def test_two_banks_may_use_the_same_id_for_an_issue(house: House) -> None:
    await open_bank(house)
    await open_bank(house, "bank02")
    await state(house, 1)
    await house.settle()
    for offered in house.said(NeedOffered):
        issue = IssueReport(at=house.now, bank=offered.bank, offer=offered.offer, category="documents")
        house.write(issue, "1")
    await house.settle()
    raised = house.said(IssueRaised)
    assert len({issue.issue for issue in raised}) == len(raised) == 2


async def test_two_replies_with_the_same_bytes_and_id_are_two_when_their_types_differ(house: House) -> None:
    await open_bank(house)
    await state(house, 1)
    await house.settle()
    (offered,) = house.said(NeedOffered)
    for reply in (OfferAccept, DocumentsComplete):
        house.write(reply(at=house.now, bank=BANK, offer=offered.offer), "loan-1")
        await house.settle()
    assert receipts(house) == [("loan-1", "applied", []), ("loan-1", "refused", ["id_reused"])]


async def test_a_reply_that_waits_for_its_offer_does_not_take_the_place_of_another_of_its_id(house: House) -> None:
    await open_bank(house)
    await state(house, 1)
    await house.settle()
    (known,) = house.said(NeedOffered)
    post = Post(house, 0)
    await state(house, 2)
    await post.bring(house.rooms["matching"], "yuqiao.needs.v1", 9)
    await post.bring(house.rooms["notification"], "yuqiao.matches.v1", 9)
    early = house.said(NeedOffered)[1]
    for offer in (early, known):  # the first of an offer that feedback has not heard of
        house.write(OfferAccept(at=house.now, bank=BANK, offer=offer.offer), "1")
        await post.bring(house.rooms["feedback"], f"yuqiao.bank.{BANK}.replies.v1")
    while await post.one():
        pass
    assert [result for _, result, _ in receipts(house)] == ["applied", "applied"]
    assert await same_as_folded(house)


async def test_replies_that_were_kept_before_are_kept_with_their_type(empty_database: str) -> None:
    answers = [
        kind(
            at=AT,
            enterprise=derived_id("firm"),
            need=derived_id("need"),
            offer="o",
            bank=BANK,
            reply="1",
            reply_type=type_,
            place=type_,
            digest="d",
            **more,
        )
        for kind, type_, more in (
            (ReplyApplied, "reply.accept", {}),
            (ReplyRefused, "reply.documents", {"reasons": ()}),
        )
    ]
    files = migration_files(service_folder("feedback"))
    conn = await asyncpg.connect(empty_database)
    await migrate(conn, [file for file in files if file[0] < "service/0006"])
    for answer in answers:
        await conn.execute(
            "INSERT INTO event_log (id, type, owner, key, sequence, at, cause, body)"
            " VALUES ($1, $2, 'e', 'e', 0, $3, 'c', $4)",
            derived_id(answer.place),
            answer.wire_type,
            answer.at,
            answer.to_json().decode(),
        )
    old = {"key": "another", "digest": "e", "applied": False}  # what a reply to another enterprise had put in its place
    await conn.execute("INSERT INTO reply VALUES ($1, 'e', $2)", f"{BANK}/1", json.dumps(old))
    assert await migrate(conn, files)
    saved = await service.store(Settings(service="feedback", secret=SecretStr("0" * 64))).load_all(conn)
    await conn.close()
    folded = emptied(saved)
    for answer in answers:
        folded.apply(answer)
    assert dict(saved.replies.items()) == dict(folded.replies.items())
    assert saved.replies[f"{BANK}/1"].type == "reply.accept"
