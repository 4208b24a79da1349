"""The stack with the real clock: one need, its bank's own client, and what breaks while they talk."""

import asyncio
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from deploy.demo.quiet import Quiet
from deploy.stack.children import read_running
from deploy.stack.stack import Stack
from deploy.stack.streams import lag
from deploy.verify.invariants import judge
from deploy.verify.run import gather
from tests.e2e.talk import (
    BANK,
    LONG_AGO,
    case,
    firing,
    funnel,
    kill,
    next_of,
    product_of,
    refused,
    restarted,
    state_need,
    state_need_patiently,
    until,
    wait_for,
)
from tests.unit.test_unfolding import RawName
from yuqiao.bank.client import BankClient
from yuqiao.bank.env import BankEnv
from yuqiao.contracts.from_bank import (
    ContactReport,
    CreditDecision,
    Disbursement,
    DocumentsComplete,
    OfferAccept,
)
from yuqiao.contracts.streams import SERVICES
from yuqiao.contracts.to_bank import NeedClosed, NeedDisclosed, NeedOffered, Receipt
from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.runtime.messages import BEIJING

ANY_ALLOWED = AclOperation.ANY, AclPermissionType.ALLOW


async def test_one_need_from_http_to_a_bank_answered_and_closed(stack: Stack, bank: BankClient) -> None:
    need = await state_need(stack, 901)
    offered = await next_of(bank, NeedOffered)
    at, offer = datetime.now(BEIJING), offered.offer
    common = {"at": at, "bank": BANK, "offer": offer}
    accept = OfferAccept(**common)
    reply_id = await bank.write(accept)
    disclosed = await next_of(bank, NeedDisclosed)
    identity = bank.open_sealed(disclosed)
    assert identity.enterprise_name.startswith("测试")
    assert identity.enterprise_name not in offered.model_dump_json()
    await bank.write(accept, reply_id)  # sent again: a duplicate, no second effect
    assert (await until(bank, lambda r: getattr(r.event, "result", "") == "duplicate")).answers == reply_id
    await bank.write(ContactReport(**common, method="phone"))
    await bank.write(DocumentsComplete(**common))
    await bank.write(CreditDecision(**common, approved=True, amount_cny="900000.00", annual_rate="0.0385"))
    early = Disbursement(**common, amount_cny="900000.01", annual_rate="0.0385", disbursed_on=at.date())
    await bank.write(early)
    reason = (await until(bank, refused)).reasons[0]
    assert (reason.code, reason.values["field"]) == ("above_approved", "amount_cny")
    await bank.write(early.model_copy(update={"amount_cny": early.amount_cny - 1}))
    assert (await next_of(bank, NeedClosed)).reason == "financed"
    found = case(stack, need)
    assert (found["outcome"], found["outcome_cny"]) == ("financed", "899999.01")


def test_where_all_is_well_no_alert_fires(stack: Stack) -> None:
    horizon = WorkingCalendar.load().horizon
    asked = datetime.now(BEIJING).date()
    fired = firing(stack)
    near = {(horizon - day).days < 45 for day in (asked, datetime.now(BEIJING).date())}  # at midnight either
    assert fired in [{("YuqiaoCalendarHorizon", "matching")} if yes else set() for yes in near]


async def test_garbage_from_a_bank_gets_a_receipt_and_stops_nobody(stack: Stack, bank: BankClient) -> None:
    topic = bank.env.replies
    headers = [("ce_id", b"junk-1"), ("ce_type", b"reply.accept")]
    async with AIOKafkaProducer(**bank.env.client_options(), acks="all") as producer:
        for body in (b"{", b"[" * 100_000, "测试".encode("gbk"), b'{"offer": "x", "at": "yesterday"}'):
            await producer.send_and_wait(topic, body, key=b"junk", headers=headers)
            await until(bank, refused)
        await producer.send_and_wait(topic, b"{}", key=None, headers=[])
        assert (await until(bank, refused)).reasons[0].values["field"] == "ce_id"
    await state_need(stack, 902)
    assert await next_of(bank, NeedOffered)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_a_bank_may_pack_its_replies_as_its_client_does(stack: Stack, bank: BankClient, codec: str) -> None:
    producer = Producer({**stack.provision.confluent(f"bank-{BANK}"), "compression.type": codec})
    headers = [("ce_id", codec.encode()), ("ce_type", b"reply.accept")]
    producer.produce(bank.env.replies, b"{" + b" " * 5_000, b"junk", headers=headers)
    assert producer.flush(20) == 0
    assert (await until(bank, refused)).answers == codec


async def test_what_cannot_be_unfolded_gets_a_receipt_and_stops_nobody(stack: Stack, bank: BankClient) -> None:
    packing = {"compression.type": "zstd", "message.max.bytes": 1_000_000_000}
    producer = Producer({**stack.provision.confluent(f"bank-{BANK}"), **packing})
    producer.produce(bank.env.replies, bytes(100_000_000), b"bomb")
    assert producer.flush(30) == 0
    assert (await until(bank, refused)).reasons[0].code == "unreadable"
    async with AIOKafkaProducer(**bank.env.client_options()) as raw:
        batch = raw.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, 0, 10_000)
        assert batch.append(key=b"raw", value=b"{}", timestamp=None, headers=[(RawName("a"), b"1")])
        await (await raw.send_batch(batch, bank.env.replies, partition=0))
    assert (await until(bank, refused)).reasons[0].code == "unreadable"
    await state_need(stack, 903)
    assert await next_of(bank, NeedOffered)


async def test_a_second_up_changes_nothing(stack: Stack) -> None:
    before = [(c.name, c.pid) for c in read_running(stack.home)]
    await asyncio.to_thread(stack.up, [BANK])
    assert [(c.name, c.pid) for c in read_running(stack.home)] == before


async def test_a_bank_that_comes_while_services_restart_is_heard(stack: Stack) -> None:
    """A static member that comes back in time is given its old partitions: it must ask for those that are new."""
    new = "bank02"
    await asyncio.to_thread(stack.provision.run, [BANK, new])
    for victim in [c for c in read_running(stack.home) if c.name in ("matching", "notification")]:
        kill(victim.pid)
        await wait_for(partial(restarted, stack, victim.name, victim.pid))
    await asyncio.to_thread(stack.up, [BANK, new])
    async with BankClient(BankEnv.read(stack.provision.bank_file(new))) as client:
        quiet = product_of(new).model_copy(update={"daily_quota": 0})  # its needs stay with the first bank
        await client.write(quiet)
        assert (await next_of(client, Receipt)).result == "applied"


async def test_a_service_that_lost_a_topic_while_it_was_away_reads_the_others(stack: Stack) -> None:
    """A static member that comes back in time is given that topic's partition again, until its session has ended."""
    assert stack.kafka
    admin = AdminClient(stack.kafka.admin_options())
    pattern = ResourcePatternType.LITERAL
    right = AclBindingFilter(
        ResourceType.TOPIC, "yuqiao.bank.bank02.products.v1", pattern, "User:service-matching", "*", *ANY_ALLOWED
    )
    (victim,) = [c for c in read_running(stack.home) if c.name == "matching"]
    kill(victim.pid)
    assert admin.delete_acls([right])[right].result(10)
    await wait_for(lambda: restarted(stack, victim.name, victim.pid))
    await asyncio.to_thread(stack.wait_ready, 60)
    async with BankClient(BankEnv.read(stack.provision.bank_file("bank02"))) as client:
        await client.write(product_of("bank02").model_copy(update={"daily_quota": 0}))
    assert await unread_by(stack, victim.name, right.name)
    await asyncio.to_thread(stack.up, [BANK])  # gives back what belongs to every bank that is there
    assert admin.describe_acls(right).result(10)
    async with asyncio.timeout(60):  # the assignment that brings it makes the service unready for a moment
        while await unread_by(stack, victim.name, right.name):
            await asyncio.sleep(0.1)


async def unread_by(stack: Stack, service: str, stream: str) -> int:
    """So many records of a stream a service has not read."""
    rows, _ = await lag(stack.provision)
    return int(next(row["lag"] for row in rows if (row["service"], row["stream"]) == (service, stream)))


def unready(stack: Stack, service: str) -> list[str]:
    """Why a service says that it is not ready."""
    return list(httpx.get(f"{stack.url(service, 'ops')}/health/ready", timeout=10).json()["why"])


async def test_the_broker_goes_away_and_comes_back(stack: Stack, bank: BankClient) -> None:
    assert stack.kafka
    async with BankClient(bank.env, "leaving") as leaving:
        assert await next_of(leaving, NeedOffered)
        kill(stack.kafka.pid)
        need = await state_need(stack, 930)  # committed while nobody can be told
        await wait_for(lambda: all(any(why.startswith("broker: ") for why in unready(stack, s)) for s in SERVICES))
    await asyncio.to_thread(stack.kafka.start)
    await asyncio.to_thread(stack.wait_ready, 60)
    assert await next_of(bank, NeedOffered)
    await wait_for(lambda: "offers" in case(stack, need) and bool(case(stack, need)["offers"]))


async def test_the_database_goes_away_and_comes_back(stack: Stack, bank: BankClient) -> None:
    assert stack.postgres
    kill(stack.postgres.pid)
    await asyncio.to_thread(stack.postgres.start)
    await state_need_patiently(stack, 940)
    assert await next_of(bank, NeedOffered)


async def test_bytes_that_are_no_event_are_parked_and_the_rest_goes_on(stack: Stack, bank: BankClient) -> None:
    async with AIOKafkaProducer(**stack.provision.client("service-intake"), acks="all") as producer:
        await producer.send_and_wait("yuqiao.needs.v1", b"\x00\x01", key=b"poison")
    async with asyncio.timeout(60):  # until matching, notification and feedback have each kept it
        while (await lag(stack.provision))[1]["parked"] != 3:
            await asyncio.sleep(0.1)
    assert {("YuqiaoParked", name) for name in ("matching", "notification", "feedback")} <= firing(stack)
    await state_need(stack, 950)
    assert await next_of(bank, NeedOffered)


async def test_status_and_verify_of_what_is_left(stack: Stack) -> None:
    await asyncio.to_thread(stack.wait_ready, 30)
    assert {p["name"] for p in stack.status()} == {"kafka", "postgres", *SERVICES}
    for service in SERVICES:
        for path in ("/health/live", "/health/ready", "/metrics", "/docs"):
            assert httpx.get(stack.url(service, "ops") + path, timeout=10).status_code == 200
    async with Quiet(stack.provision) as quiet:
        await quiet.wait(LONG_AGO)
    findings = [f for v in judge(await gather(stack.provision)) for f in v.findings]
    assert all("parked: 1" in f or "no committed row" in f or "belongs" in f for f in findings), findings
    assert len([f for f in findings if "parked: 1" in f]) == 3, (
        "the poison of the test before is reported, nothing else"
    )


async def test_up_recovers_after_kill_9_of_everything(stack: Stack, bank: BankClient) -> None:
    """Also with fewer banks than before: a static member that comes back in time is given the others' partitions too."""
    before = funnel(stack)
    supervisor = stack.supervisor.process
    assert supervisor
    assert stack.kafka
    assert stack.postgres
    for pid in [supervisor.pid, *(c.pid for c in read_running(stack.home)), stack.kafka.pid, stack.postgres.pid]:
        kill(pid)
    await asyncio.to_thread(stack.up, [BANK])
    assert funnel(stack) == before
    await state_need(stack, 960)
    assert await next_of(bank, NeedOffered)


def test_a_bank_file_is_all_that_a_bank_needs(stack: Stack) -> None:
    env = BankEnv.read(Path(stack.provision.bank_file(BANK)))
    assert env.bank == BANK
    assert env.private_key.startswith("-----BEGIN")
