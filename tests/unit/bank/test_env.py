"""A bank's way in: what is wrong with its file is said by name."""

from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from tests.unit.bank.test_sealing import PRIVATE
from yuqiao.bank.env import REQUIRED, BadEnvFile, BankEnv
from yuqiao.contracts.streams import BANK_CHANNELS, bank_topic

GOOD = dict.fromkeys(REQUIRED, "value") | {f"YUQIAO_{c.upper()}_TOPIC": bank_topic("b1", c) for c in BANK_CHANNELS}
GOOD |= {"YUQIAO_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "YUQIAO_SASL_MECHANISM": "SCRAM-SHA-512"}
GOOD |= {"YUQIAO_GROUP_PREFIX": "yuqiao.bank.b1.", "YUQIAO_PASSWORD": "p$HOME#=-_ä"}


def write(folder: Path, values: dict[str, str]) -> Path:
    path = folder / "b1.env"
    path.write_text("".join(f"{k}={v}\n" for k, v in values.items()), encoding="utf-8")
    return path


def test_a_good_file_is_read_as_it_stands(tmp_path: Path) -> None:
    env = BankEnv.read(write(tmp_path, GOOD))
    assert (env.bank, env.needs, env.group("main")) == ("b1", "yuqiao.bank.b1.needs.v1", "yuqiao.bank.b1.main")
    assert env.client_options()["sasl_plain_password"] == "p$HOME#=-_ä"
    assert env.clock == ""


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_is_named(tmp_path: Path, name: str, value: str | None) -> None:
    values = {k: v for k, v in GOOD.items() if k != name} | ({} if value is None else {name: value})
    with pytest.raises(BadEnvFile, match=name):
        BankEnv.read(write(tmp_path, values))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"YUQIAO_NEEDS_TOPIC": "needs"}, "YUQIAO_NEEDS_TOPIC"),
        ({"YUQIAO_NEEDS_TOPIC": bank_topic("b1", "replies")}, "YUQIAO_NEEDS_TOPIC"),
        ({"YUQIAO_REPLIES_TOPIC": bank_topic("b2", "replies")}, "b1、b2"),
    ],
)
def test_topics_that_are_not_this_banks_are_refused(tmp_path: Path, change: dict[str, str], said: str) -> None:
    with pytest.raises(BadEnvFile, match=said):
        BankEnv.read(write(tmp_path, GOOD | change))


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("YUQIAO_SECURITY_PROTOCOL", "FOO", "SASL_PLAINTEXT、SASL_SSL、PLAINTEXT、SSL"),
        ("YUQIAO_SASL_MECHANISM", "MD5", "SCRAM-SHA-512、SCRAM-SHA-256、PLAIN"),
        ("YUQIAO_BOOTSTRAP", "kafka:port", "主机:端口"),
        ("YUQIAO_BOOTSTRAP", "http://kafka:9092", "主机:端口"),
        ("YUQIAO_BOOTSTRAP", "kafka:99999", "1 至 65535"),
        ("YUQIAO_BOOTSTRAP", "kafka:9092,[::1]:0", "1 至 65535"),
    ],
)
def test_what_no_client_of_kafka_takes_is_said_with_what_would_be_right(
    tmp_path: Path, name: str, value: str, right: str
) -> None:
    path = write(tmp_path, GOOD | {name: value})
    with pytest.raises(BadEnvFile) as caught:
        BankEnv.read(path)
    assert [word for word in (str(path), name, value, right) if word not in str(caught.value)] == []


@pytest.mark.parametrize("brokers", ["kafka", "kafka:9092", "127.0.0.1:1,b-2.example:65535", "[::1]:9092", "[::1]"])
def test_brokers_are_named_as_kafka_has_them(tmp_path: Path, brokers: str) -> None:
    env = BankEnv.read(write(tmp_path, GOOD | {"YUQIAO_BOOTSTRAP": brokers}))
    assert env.client_options()["bootstrap_servers"] == brokers


async def test_an_encrypted_way_in_has_what_encrypts_it(tmp_path: Path) -> None:
    env = BankEnv.read(write(tmp_path, GOOD | {"YUQIAO_SECURITY_PROTOCOL": "SASL_SSL"}))
    await AIOKafkaProducer(**env.client_options()).stop()


def test_what_is_no_such_file_is_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "README.md"
    path.write_text("# Yuqiao\n\n" + "Words, and more words\n" * 20, encoding="utf-8")
    with pytest.raises(BadEnvFile, match=r"README\.md .*第 2 行") as caught:
        BankEnv.read(path)
    assert (str(caught.value).count("\n"), caplog.text) == (0, "")


def test_no_file_a_folder_and_no_text(tmp_path: Path) -> None:
    binary = tmp_path / "binary.env"
    binary.write_bytes(b"YUQIAO_BOOTSTRAP=\xff\xfe\n")
    for path in (tmp_path / "none.env", tmp_path, binary):
        with pytest.raises(BadEnvFile, match=str(path)):
            BankEnv.read(path)


def test_a_missing_key_is_said_when_it_is_needed(tmp_path: Path) -> None:
    env = BankEnv.read(write(tmp_path, GOOD | {"YUQIAO_PRIVATE_KEY_FILE": str(tmp_path / "none.pem")}))
    with pytest.raises(BadEnvFile, match=r"none\.pem"):
        _ = env.private_key


def test_a_relative_path_of_the_key_begins_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(PRIVATE, encoding="utf-8")
    env = BankEnv.read(write(tmp_path, GOOD | {"YUQIAO_PRIVATE_KEY_FILE": "key.pem"}))
    assert env.private_key == PRIVATE
