"""A bank's topic that takes nothing keeps no other waiting; one that is made anew is read from its beginning."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import pytest
from aiokafka.errors import KafkaError
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.stack import brokerage
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


def row(topic: str, seq: int = 1, body: bytes = b"{}") -> LogRow:
    envelope = Envelope("id", "need.offered", "test", datetime.now(BEIJING), "k", 1)
    return LogRow(seq, topic, "k", body, envelope)


def publisher_as(stack: Stack, username: str, password: str) -> KafkaPublisher:
    bootstrap = stack.provision.kafka.bootstrap
    return KafkaPublisher(
        Settings.model_validate(
            {"secret": "0" * 64, "kafka_bootstrap": bootstrap, "kafka_username": username, "kafka_password": password}
        )
    )


@pytest.fixture
async def topics(stack: Stack) -> AsyncIterator[AdminClient]:
    owner = stack.provision.kafka
    admin = AdminClient(owner.confluent(owner.username, owner.password))
    make(admin, HERE, GONE)
    yield admin
    for future in admin.delete_topics([HERE, GONE]).values():
        future.result(10)


def make(admin: AdminClient, *names: str) -> None:
    brokerage.create_topics(admin, {name: {"partitions": 1, "retention_days": 1} for name in names})


def length(stack: Stack, topic: str) -> int:
    owner = stack.provision.kafka
    consumer = Consumer({**owner.confluent(owner.username, owner.password), "group.id": "nobody"})
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)[1]
    finally:
        consumer.close()


async def published(publisher: KafkaPublisher, expected: dict[int, str], *rows: LogRow) -> None:
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
    stack: Stack, topics: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = stack.provision.kafka
    publisher = publisher_as(stack, owner.username, owner.password)
    try:
        three = [row(HERE), row(GONE, 2), row(NEVER, 3)]
        assert await publisher.publish(three) == {3: "UnknownTopicOrPartitionError"}
        assert await publisher.publish(three[:2]) == {}
        topics.delete_topics([GONE])[GONE].result(10)
        with monkeypatch.context() as impatient:
            impatient.setattr(kafka, "PUBLISH_SECONDS", 1)
            impatient.setattr(kafka, "DISCONNECT_SECONDS", 0.5)
            await published(publisher, {2: "UnknownTopicOrPartitionError"}, *three[:2])
        make(topics, GONE)
        await published(publisher, {}, row(GONE))
        before = length(stack, HERE)
        large = [row(HERE, 1), row(HERE, 2, b"x" * 2_000_000), row(HERE, 3), row(GONE, 4), row(HERE, 5)]
        assert await publisher.publish(large) == dict.fromkeys([2, 3, 5], "MessageSizeTooLargeError")
        assert length(stack, HERE) == before + 1
        monkeypatch.setattr(kafka, "PUBLISH_SECONDS", 1)
        with pytest.raises((KafkaError, TimeoutError)):
            await publisher.publish([row(HERE), row("yuqiao.nowhere.v1")])
    finally:
        await publisher.stop()


async def test_a_topic_that_one_may_not_write_to_is_named(stack: Stack, topics: AdminClient) -> None:
    env = BankEnv.read(stack.provision.bank_file(BANK))
    publisher = publisher_as(stack, env.values["YUQIAO_USERNAME"], env.values["YUQIAO_PASSWORD"])
    try:
        assert await publisher.publish([row(HERE)]) == {1: "UnknownTopicOrPartitionError"}
    finally:
        await publisher.stop()


class Died(Exception):
    """As a process does."""


async def test_a_topic_is_read_from_its_beginning_whatever_was_read_of_another_and_whenever_its_maker_died(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Died

    monkeypatch.setattr(brokerage, "create_topics", die)
    provision = stack.provision
    conn = await asyncpg.connect(provision.dsn("feedback"))
    try:
        before = await conn.fetch("SELECT topic, partition FROM position ORDER BY 1, 2")
        await conn.execute("INSERT INTO position (topic, partition, next) VALUES ($1, 0, 57)", GONE)
        with pytest.raises(Died):
            await asyncio.to_thread(provision.run, [BANK, "bank91"])
        assert before
        assert await conn.fetch("SELECT topic, partition FROM position ORDER BY 1, 2") == before
    finally:
        await conn.close()
