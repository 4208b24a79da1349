"""A bank's way in is one file: build/local/banks/<bank>.env."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

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


class BadEnvFile(ValueError):
    """The file cannot be read, or a variable is missing; the message names it."""


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
        try:
            values = {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}
        except (OSError, UnicodeDecodeError) as error:
            raise BadEnvFile(f"{path} 无法读取：{error}") from None
        missing = [name for name in REQUIRED if name not in values]
        if missing:
            raise BadEnvFile(f"{path} 缺少 {'、'.join(missing)}")
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
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadEnvFile(f"YUQIAO_PRIVATE_KEY_FILE 的值 {path} 无法读取：{error}") from None

    def group(self, name: str) -> str:
        """A consumer group the bank may use."""
        return self.values["YUQIAO_GROUP_PREFIX"] + name

    def client_options(self) -> dict[str, Any]:
        """Connection options of aiokafka's clients."""
        return {
            "bootstrap_servers": self.values["YUQIAO_BOOTSTRAP"],
            "security_protocol": self.values["YUQIAO_SECURITY_PROTOCOL"],
            "sasl_mechanism": self.values["YUQIAO_SASL_MECHANISM"],
            "sasl_plain_username": self.values["YUQIAO_USERNAME"],
            "sasl_plain_password": self.values["YUQIAO_PASSWORD"],
            "client_id": f"bank-{self.bank}",
        }
