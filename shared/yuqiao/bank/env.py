"""A bank's way in is one file: build/local/banks/<bank>.env."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.helpers import create_ssl_context
from dotenv.parser import parse_stream

from yuqiao.contracts.sealing import is_private_key
from yuqiao.contracts.streams import BANK_CHANNELS, bank_topic, parse_bank_topic

REQUIRED = (
    "YUQIAO_BOOTSTRAP",
    "YUQIAO_SECURITY_PROTOCOL",
    "YUQIAO_SASL_MECHANISM",
    "YUQIAO_USERNAME",
    "YUQIAO_PASSWORD",
    "YUQIAO_NEEDS_TOPIC",
    "YUQIAO_REPLIES_TOPIC",
    "YUQIAO_RECEIPTS_TOPIC",
    "YUQIAO_PRODUCTS_TOPIC",
    "YUQIAO_GROUP_PREFIX",
    "YUQIAO_PRIVATE_KEY_FILE",
)
ALLOWED = {
    "YUQIAO_SECURITY_PROTOCOL": ("SASL_PLAINTEXT", "SASL_SSL", "PLAINTEXT", "SSL"),
    "YUQIAO_SASL_MECHANISM": ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"),
}
_BROKER = re.compile(r"\s*(?:[^:,\s]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?", re.ASCII)


class BadEnvFile(ValueError):
    """The file cannot be read, or a variable is missing or wrong; the message names file, variable, value, what is right."""


@dataclass(frozen=True)
class BankEnv:
    """A bank's credentials, topics and key."""

    values: dict[str, str]
    folder: Path = Path()

    @classmethod
    def read(cls, path: Path) -> "BankEnv":
        """Read the file. Raises BadEnvFile."""
        if not path.is_file():
            raise BadEnvFile(f"没有文件 {path}")
        values = _variables(path)
        missing = [name for name in REQUIRED if name not in values]
        if missing:
            raise BadEnvFile(f"{path} 缺少 {'、'.join(missing)}")
        _check(path, values)
        banks = set()
        for channel in BANK_CHANNELS:
            name = f"YUQIAO_{channel.upper()}_TOPIC"
            found = parse_bank_topic(values[name])
            if found is None or found[1] != channel:
                right = bank_topic("<bank>", channel)
                raise BadEnvFile(f"{path} 中 {name} 的值 {values[name][:80]} 有误，须形如 {right}")
            banks.add(found[0])
        if len(banks) != 1:
            raise BadEnvFile(f"{path} 中的主题属于不同银行：{'、'.join(sorted(banks))}")
        return cls(values, path.parent)

    @property
    def bank(self) -> str:
        """The bank's id, as its topics name it."""
        return self.needs.split(".")[2]

    @property
    def needs(self) -> str:
        """The topic to read."""
        return self.values["YUQIAO_NEEDS_TOPIC"]

    @property
    def receipts(self) -> str:
        """The topic with the answers to what the bank writes."""
        return self.values["YUQIAO_RECEIPTS_TOPIC"]

    @property
    def replies(self) -> str:
        """The topic to write replies to."""
        return self.values["YUQIAO_REPLIES_TOPIC"]

    @property
    def products(self) -> str:
        """The topic to write products to."""
        return self.values["YUQIAO_PRODUCTS_TOPIC"]

    @property
    def clock(self) -> str:
        """A demo's clock topic; empty where time is real."""
        return self.values.get("YUQIAO_CLOCK_TOPIC", "")

    @property
    def private_key(self) -> str:
        """The bank's private key, PEM; a relative path begins beside the file. Raises BadEnvFile."""
        path = self.folder / self.values["YUQIAO_PRIVATE_KEY_FILE"]
        try:
            key = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadEnvFile(f"YUQIAO_PRIVATE_KEY_FILE 的值 {path} 无法读取：{error}") from None
        if not is_private_key(key):
            raise BadEnvFile(f"YUQIAO_PRIVATE_KEY_FILE 的值 {path} 有误：须为无口令的 EC P-256 私钥（PEM）")
        return key

    def group(self, name: str) -> str:
        """A consumer group the bank may use."""
        return self.values["YUQIAO_GROUP_PREFIX"] + name

    def client_options(self) -> dict[str, Any]:
        """Connection options of aiokafka's clients."""
        encrypted = self.values["YUQIAO_SECURITY_PROTOCOL"].endswith("SSL")
        return {
            "bootstrap_servers": self.values["YUQIAO_BOOTSTRAP"],
            "security_protocol": self.values["YUQIAO_SECURITY_PROTOCOL"],
            "ssl_context": create_ssl_context() if encrypted else None,
            "sasl_mechanism": self.values["YUQIAO_SASL_MECHANISM"],
            "sasl_plain_username": self.values["YUQIAO_USERNAME"],
            "sasl_plain_password": self.values["YUQIAO_PASSWORD"],
            "client_id": f"bank-{self.bank}",
        }


def _variables(path: Path) -> dict[str, str]:
    """What a file sets, values as they stand there; what is empty is not set. Raises BadEnvFile."""
    try:
        with path.open(encoding="utf-8") as stream:
            found = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise BadEnvFile(f"{path} 无法读取：{error}") from None
    wrong = next((one.original.line for one in found if one.error), None)
    if wrong is not None:
        raise BadEnvFile(f"{path} 不是接入文件：第 {wrong} 行起不是“变量名=值”；须为本行的 <bank>.env")
    return {one.key: one.value for one in found if one.key and one.value}


def _check(path: Path, values: dict[str, str]) -> None:
    """Raises BadEnvFile for what a client of Kafka would not take."""
    for name, allowed in ALLOWED.items():
        if values[name] not in allowed:
            raise BadEnvFile(f"{path} 中 {name} 的值 {values[name][:80]} 有误，可用的有：{'、'.join(allowed)}")
    brokers = values["YUQIAO_BOOTSTRAP"]
    if not all(map(_is_broker, brokers.split(","))):
        right = "须为 主机:端口，多个以逗号分隔，端口为 1 至 65535，如 127.0.0.1:29092"
        raise BadEnvFile(f"{path} 中 YUQIAO_BOOTSTRAP 的值 {brokers[:80]} 有误，{right}")


def _is_broker(text: str) -> bool:
    found = _BROKER.fullmatch(text)
    return found is not None and (found[1] is None or 1 <= int(found[1]) <= 65535)
