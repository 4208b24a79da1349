"""A broker and a database that are there already are used instead of local ones."""

from pathlib import Path

import pytest

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
        assert [(row["name"], row["ready"]) for row in stack.status()] == [(service, True) for service in SERVICES]
        env = BankEnv.read(stack.provision.bank_file(BANK))
        assert env.client_options()["bootstrap_servers"] == broker.bootstrap
        assert not {"kafka", "postgres"} & {path.name for path in stack.home.iterdir()}
    finally:
        stack.down()
    assert (bool(broker.pid), bool(database.pid)) == (True, True), "what is not ours is not ended"
