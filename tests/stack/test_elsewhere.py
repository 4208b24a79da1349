"""A broker and a database that are there already are used instead of local ones."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from deploy.docker import provision
from deploy.stack.kafka import LocalKafka
from deploy.stack.postgres import LocalPostgres
from deploy.stack.stack import Stack
from yuqiao.bank.env import BankEnv
from yuqiao.contracts.streams import SERVICES

BANK = "bank09"


def test_up_and_down_beside_servers_that_are_not_ours(
    folder: Path, broker: LocalKafka, database: LocalPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUQIAO_KAFKA_BOOTSTRAP", broker.bootstrap)
    monkeypatch.setenv("YUQIAO_KAFKA_USERNAME", broker.admin_username)
    monkeypatch.setenv("YUQIAO_KAFKA_PASSWORD", broker.admin_password)
    monkeypatch.setenv("YUQIAO_POSTGRES_DSN", database.admin_dsn)
    stack = Stack(folder / "elsewhere")
    try:
        stack.up([BANK])
        assert [row["name"] for row in stack.status()] == list(SERVICES)  # ready, or `up` would have said so
        env = BankEnv.read(stack.provision.bank_file(BANK))
        assert env.client_options()["bootstrap_servers"] == broker.bootstrap
        assert not {"kafka", "postgres"} & {path.name for path in stack.home.iterdir()}
    finally:
        stack.down()
    assert (bool(broker.pid), bool(database.pid)) == (True, True), "what is not ours is not ended"


async def test_the_one_shot_job_of_compose(
    folder: Path, broker: LocalKafka, database: LocalPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provision, "HOME", folder / "compose")
    monkeypatch.setattr(provision, "BANKS", 2)
    monkeypatch.setenv("KAFKA_BOOTSTRAP", broker.bootstrap)
    monkeypatch.setenv("KAFKA_ADMIN_PASSWORD", broker.admin_password)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_OF_BANKS", "127.0.0.1:29092")
    monkeypatch.setenv("POSTGRES_ADMIN_DSN", database.admin_dsn)
    for _ in range(2):  # `docker compose up` runs it each time
        await asyncio.to_thread(provision.main)
    env = BankEnv.read(folder / "compose" / "banks" / "bank01.env")
    assert env.client_options()["bootstrap_servers"] == "127.0.0.1:29092"
    assert env.private_key.startswith("-----BEGIN")  # also where the folder has been carried to
    conn = await asyncpg.connect(database.dsn("postgres", database.admin_password, "yuqiao"))
    try:
        for service in SERVICES:
            assert await conn.fetchval(f"SELECT count(*) FROM {service}.migration") > 0
    finally:
        await conn.close()
