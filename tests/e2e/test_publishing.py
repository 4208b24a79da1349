"""A bank's topic that takes nothing keeps no other waiting; one that is made anew is read from its beginning."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import pytest
from aiokafka.errors import KafkaError
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.stack.database import ROLES, prepare
from deploy.stack.stack import Stack
from tests.e2e.talk import BANK
from yuqiao.bank.env import BankEnv
from yuqiao.contracts.envelope import Envelope
from yuqiao.contracts.streams import bank_topic
from yuqiao.runtime import kafka
from yuqiao.runtime.batch import LogRow
from yuqiao.runtime.kafka import KafkaPublisher
from yuqiao.runtime.messages import BEIJING
from yuqiao.runtime.settings import Settings

HERE, GONE, NEVER = (bank_topic(bank, "needs") for bank in ("bank90", "bank91", "bank92"))


def row(topic: str, body: bytes = b"{}") -> LogRow:
    envelope = Envelope("id", "need.offered", "test", datetime.now(BEIJING), "k", 1)
    return LogRow(1, topic, "k", body, envelope)


def publisher_as(stack: Stack, username: str, password: str) -> KafkaPublisher:
    bootstrap = stack.provision.kafka.bootstrap
    return KafkaPublisher(
        Settings.model_validate(
            {"secret": "0" * 64, "kafka_bootstrap": bootstrap, "kafka_username": username, "kafka_password": password}
        )
    )


@pytest.fixture
async def topics(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AdminClient]:
    for name, seconds in (("PUBLISH_SECONDS", 1), ("DISCONNECT_SECONDS", 0.5)):
        monkeypatch.setattr(kafka, name, seconds)
    owner = stack.provision.kafka
    admin = AdminClient(owner.confluent(owner.username, owner.password))
    make(admin, HERE, GONE)
    yield admin
    for future in admin.delete_topics([HERE, GONE]).values():
        future.result(10)


def make(admin: AdminClient, *names: str) -> None:
    for future in admin.create_topics([NewTopic(name, 1, 1) for name in names]).values():
        future.result(10)


async def published(publisher: KafkaPublisher, expected: dict[str, str], *rows: LogRow) -> None:
    """It comes to this, as a relay tries again: to delete a topic takes the broker a while, and it may take more meanwhile."""
    said: object = None
    async with asyncio.timeout(20):
        while said != expected:
            try:
                said = await publisher.publish(rows)
            except (KafkaError, TimeoutError) as error:
                said = error
            await asyncio.sleep(0.05)


async def test_a_topic_that_takes_nothing_is_named_and_the_others_take_theirs(
    stack: Stack, topics: AdminClient
) -> None:
    owner = stack.provision.kafka
    publisher = publisher_as(stack, owner.username, owner.password)
    try:
        assert await publisher.publish([row(HERE), row(GONE), row(NEVER)]) == {NEVER: "UnknownTopicOrPartitionError"}
        assert await publisher.publish([row(HERE), row(GONE)]) == {}
        topics.delete_topics([GONE])[GONE].result(10)
        await published(publisher, {GONE: "UnknownTopicOrPartitionError"}, row(HERE), row(GONE))
        make(topics, GONE)
        await published(publisher, {}, row(GONE))
        large = [row(HERE), row(HERE, b"x" * 2_000_000), row(HERE), row(GONE)]
        assert await publisher.publish(large) == {HERE: "MessageSizeTooLargeError"}
        with pytest.raises((KafkaError, TimeoutError)):
            await publisher.publish([row(HERE), row("yuqiao.nowhere.v1")])
    finally:
        await publisher.stop()


async def test_a_topic_that_one_may_not_write_to_is_named(stack: Stack, topics: AdminClient) -> None:
    env = BankEnv.read(stack.provision.bank_file(BANK))
    publisher = publisher_as(stack, env.values["YUQIAO_USERNAME"], env.values["YUQIAO_PASSWORD"])
    try:
        assert await publisher.publish([row(HERE)]) == {HERE: "UnknownTopicOrPartitionError"}
    finally:
        await publisher.stop()


async def test_a_topic_that_is_made_is_read_from_its_beginning_whatever_was_read_of_another(stack: Stack) -> None:
    provision = stack.provision
    passwords = {role: provision.secrets.made(f"postgres.{role}") for role in ROLES}
    conn = await asyncpg.connect(provision.dsn("feedback"))
    try:
        before = await conn.fetch("SELECT topic, partition FROM position ORDER BY 1, 2")
        await conn.execute("INSERT INTO position (topic, partition, next) VALUES ($1, 0, 57)", GONE)
        await prepare(provision.postgres_dsn, passwords, None, [GONE])
        assert before
        assert await conn.fetch("SELECT topic, partition FROM position ORDER BY 1, 2") == before
    finally:
        await conn.close()
