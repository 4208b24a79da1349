"""Provisioning: twice is once; a bank's file opens its own doors and no other; a service has its own schema."""

import os
import stat
from pathlib import Path

import asyncpg
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, AdminClient, ResourcePatternType
from confluent_kafka.admin import ResourceType as Resource
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from deploy.stack import brokerage
from deploy.stack.provision import Provision
from deploy.verify.intrusion import attempts
from tests.stack.conftest import BANKS, until
from yuqiao.bank.env import REQUIRED, BankEnv
from yuqiao.contracts.streams import BANK_CHANNELS, SERVICES, bank_topic

TOPIC_DENIED, GROUP_DENIED = KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED


def admin(provision: Provision) -> AdminClient:
    return AdminClient(provision.kafka.confluent(provision.kafka.username, provision.kafka.password))


def as_user(provision: Provision, user: str) -> dict[str, object]:
    return provision.kafka.confluent(user, provision.secrets.made(f"kafka.{user}"))


def write_error(options: dict[str, object], topic: str) -> int | None:
    """The broker's answer to one record: None when it took it."""
    answers: list[int | None] = []
    producer = Producer({**options, "acks": "all", "message.timeout.ms": 10_000})
    producer.produce(topic, b"{}", key=b"k", on_delivery=lambda error, _: answers.append(error and error.code()))
    assert producer.flush(15) == 0
    return answers[0]


def read_error(options: dict[str, object], topic: str, group: str) -> int | None:
    """The broker's answer to joining the group and reading: None when a record came."""
    consumer = Consumer({**options, "group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        record = consumer.poll(15)
        assert record is not None, "neither a record nor an answer"
        error = record.error()
        return error.code() if error else None
    except KafkaException as error:
        return int(error.args[0].code())
    finally:
        consumer.close()


def seen(provision: Provision) -> tuple[object, ...]:
    """Everything that provisioning makes, but the salts of passwords."""
    client = admin(provision)
    topics = {name: len(topic.partitions) for name, topic in client.list_topics(timeout=10).topics.items()}
    rights = {str(right) for right in client.describe_acls(brokerage.ANY_RIGHT).result(10)}
    parts = [provision.home / part for part in ("secrets", "banks")]
    files = {path: path.read_bytes() for part in parts for path in part.iterdir()}
    return {name: count for name, count in topics.items() if name.startswith("yuqiao.")}, rights, files


def allow(client: AdminClient, right: AclBinding) -> None:
    """Give a right; the broker knows of it."""
    client.create_acls([right])[right].result(10)
    until(lambda: right in client.describe_acls(brokerage.ANY_RIGHT).result(10))


def test_provisioning_twice_changes_nothing(provision: Provision) -> None:
    before = seen(provision)
    provision.run(BANKS)
    assert seen(provision) == before
    client = admin(provision)
    assert brokerage.missing_topics(client, BANKS, demo=False) == {}
    assert brokerage.align_rights(client, BANKS, demo=False) == (0, 0)


def test_provisioning_fewer_banks_takes_nothing_from_the_others(provision: Provision) -> None:
    before = seen(provision)
    provision.run(BANKS[:1])
    assert seen(provision) == before


def test_a_right_that_the_data_do_not_give_is_withdrawn(provision: Provision) -> None:
    too_much = AclBinding(
        Resource.TOPIC,
        "yuqiao.bank.",
        ResourcePatternType.PREFIXED,
        "User:bank-bank01",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
    client = admin(provision)
    allow(client, too_much)
    assert brokerage.align_rights(client, BANKS, demo=False) == (0, 1)
    assert too_much not in client.describe_acls(brokerage.ANY_RIGHT).result(10)


def test_secrets_are_for_their_owner_alone(provision: Provision) -> None:
    assert stat.S_IMODE((provision.home / "secrets").stat().st_mode) == 0o700
    files = [*(provision.home / "secrets").iterdir(), *(provision.home / "banks").glob("*.env")]
    assert len(files) > 20
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize("bank", BANKS)
def test_a_banks_file_has_what_a_bank_needs_and_nothing_else(provision: Provision, bank: str) -> None:
    env = BankEnv.read(provision.bank_file(bank)).values
    assert set(env) == set(REQUIRED)
    assert env["YUQIAO_SASL_MECHANISM"] == "SCRAM-SHA-512"
    key_file = Path(env["YUQIAO_PRIVATE_KEY_FILE"])
    assert key_file.is_absolute()
    key = load_pem_private_key(key_file.read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    assert isinstance(key.curve, SECP256R1)


def test_each_service_is_told_its_own_secrets_as_files(provision: Provision) -> None:
    told = {service: provision.service_environment(service, (1, 2)) for service in SERVICES}
    for name in ("KAFKA_PASSWORD_FILE", "POSTGRES_DSN_FILE", "SECRET_FILE"):
        values = {Path(env[f"YUQIAO_{name}"]).read_text(encoding="utf-8") for env in told.values()}
        assert len(values) == len(SERVICES)
    assert len({env["YUQIAO_OPERATOR_KEY_FILE"] for env in told.values()}) == 1


def test_a_demos_secrets_follow_from_the_seed_and_others_do_not(provision: Provision, tmp_path: Path) -> None:
    def secret(name: str, seed: int | None) -> str:
        return Provision(tmp_path / name, provision.kafka, provision.postgres_dsn, seed=seed).secrets.of_service(
            "intake"
        )

    assert secret("a", 16) == secret("b", 16) != secret("c", 17)
    assert secret("d", None) != secret("e", None)
    assert len(bytes.fromhex(secret("a", 16))) == 32


@pytest.fixture(scope="module")
def filled(provision: Provision) -> Provision:
    """A record on every topic of both banks, so that who may read reads one."""
    options = provision.kafka.confluent(provision.kafka.username, provision.kafka.password)
    for bank in BANKS:
        for channel in BANK_CHANNELS:
            assert write_error(options, bank_topic(bank, channel)) is None
    return provision


@pytest.mark.parametrize("channel", BANK_CHANNELS)
def test_a_bank_reads_its_own_topics_and_no_other_banks(filled: Provision, channel: str) -> None:
    options, group = as_user(filled, "bank-bank01"), "yuqiao.bank.bank01.any"
    assert read_error(options, f"yuqiao.bank.bank01.{channel}.v1", group) is None
    assert read_error(options, f"yuqiao.bank.bank02.{channel}.v1", group) == TOPIC_DENIED


def test_a_bank_uses_groups_of_its_own_only(filled: Provision) -> None:
    options = as_user(filled, "bank-bank01")
    for group in ("yuqiao.bank.bank02.any", "yuqiao.notification", "any"):
        assert read_error(options, bank_topic("bank01", "needs"), group) == GROUP_DENIED


def test_a_bank_writes_replies_and_products_of_its_own_only(filled: Provision) -> None:
    options = as_user(filled, "bank-bank01")
    allowed = {bank_topic("bank01", "replies"), bank_topic("bank01", "products")}
    others = {bank_topic(bank, channel) for bank in BANKS for channel in BANK_CHANNELS}
    others |= {"yuqiao.needs.v1", "yuqiao.cases.v1", "yuqiao.banks.v1"}
    answers = {topic: write_error(options, topic) for topic in allowed | others}
    assert answers == {topic: None if topic in allowed else TOPIC_DENIED for topic in answers}


def test_verify_tries_to_break_in(filled: Provision) -> None:
    tried = attempts({bank: filled.confluent(f"bank-{bank}") for bank in BANKS})
    assert len(tried) == 16
    assert [name for name, denied in tried if not denied] == []


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [
        (Resource.TOPIC, bank_topic("bank02", "receipts"), "bank01 reads bank02's receipts"),
        (Resource.TOPIC, "yuqiao.needs.v1", "bank01 reads the needs stream"),
        (Resource.GROUP, "yuqiao.bank.bank02.main", "bank01 joins bank02's group"),
    ],
)
def test_verify_says_where_a_bank_could_break_in(filled: Provision, kind: Resource, name: str, found: str) -> None:
    """Also where there is nothing to read."""
    literal, user = ResourcePatternType.LITERAL, "User:bank-bank01"
    too_much = AclBinding(kind, name, literal, user, "*", AclOperation.READ, AclPermissionType.ALLOW)
    client = admin(filled)
    allow(client, too_much)
    try:
        tried = attempts({bank: filled.confluent(f"bank-{bank}") for bank in BANKS})
    finally:
        brokerage.align_rights(client, BANKS, demo=False)
    assert [name for name, denied in tried if not denied] == [found]


def test_a_bank_sees_no_name_of_another_banks_topic(filled: Provision) -> None:
    client = AdminClient(as_user(filled, "bank-bank01"))
    names = client.list_topics(timeout=10).topics
    assert set(names) == {bank_topic("bank01", channel) for channel in BANK_CHANNELS}


def test_only_the_writer_of_a_stream_may_write_it(filled: Provision) -> None:
    assert write_error(as_user(filled, "service-intake"), "yuqiao.needs.v1") is None
    assert write_error(as_user(filled, "service-matching"), "yuqiao.needs.v1") == TOPIC_DENIED
    assert write_error(as_user(filled, "operator"), "yuqiao.needs.v1") == TOPIC_DENIED


@pytest.mark.parametrize("service", SERVICES)
async def test_a_role_works_in_its_own_schema_and_cannot_enter_anothers(provision: Provision, service: str) -> None:
    conn = await asyncpg.connect(provision.dsn(service), timeout=5)
    reader = await asyncpg.connect(provision.dsn("operator"), timeout=5)
    try:
        await conn.execute("CREATE TABLE role_trial AS SELECT 1 AS number")
        assert await conn.fetchval(f"SELECT number FROM {service}.role_trial") == 1
        assert await reader.fetchval(f"SELECT number FROM {service}.role_trial") == 1  # a table made after the grant
        assert await conn.fetch("SELECT now FROM platform.clock") == []
        denied = [f"CREATE TABLE {other}.intruder (n int)" for other in SERVICES if other != service]
        denied += ["CREATE TABLE public.intruder (n int)", "DELETE FROM platform.clock"]
        for statement in denied:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(f"DELETE FROM {service}.role_trial")
        other = SERVICES[(SERVICES.index(service) + 1) % len(SERVICES)]
        thief = await asyncpg.connect(provision.dsn(other), timeout=5)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await thief.fetch(f"SELECT * FROM {service}.role_trial")
        await thief.close()
        await conn.execute("DROP TABLE role_trial")
    finally:
        await conn.close()
        await reader.close()


def test_secrets_survive_a_second_process(provision: Provision) -> None:
    again = Provision(provision.home, provision.kafka, provision.postgres_dsn)
    assert again.dsn("intake") == provision.dsn("intake")
    assert again.client("bank-bank01") == provision.client("bank-bank01")
    assert not [path for path in provision.home.rglob(".*") if str(os.getpid()) in path.name]
