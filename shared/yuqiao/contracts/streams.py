"""The streams: one name, one key, one writer, known readers. Topics, rights and code are held together by a test."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

Service = Literal["intake", "matching", "notification", "feedback"]
BankChannel = Literal["needs", "receipts", "replies", "products"]

SERVICES: tuple[Service, ...] = get_args(Service)
BANK_CHANNELS: tuple[BankChannel, ...] = get_args(BankChannel)


@dataclass(frozen=True)
class Stream:
    """A shared topic. `writer` is the only service that may write it."""

    name: str
    writer: Service
    readers: frozenset[Service]
    compacted: bool = False


NEEDS = Stream("yuqiao.needs.v1", "intake", frozenset({"matching", "notification", "feedback"}))
BANKS = Stream("yuqiao.banks.v1", "notification", frozenset({"intake", "matching", "feedback"}), compacted=True)
MATCHES = Stream("yuqiao.matches.v1", "matching", frozenset({"intake", "notification", "feedback"}))
OFFERS = Stream("yuqiao.offers.v1", "notification", frozenset({"intake", "feedback"}))
CASES = Stream("yuqiao.cases.v1", "feedback", frozenset({"intake", "matching", "notification"}))

SHARED: tuple[Stream, ...] = (NEEDS, BANKS, MATCHES, OFFERS, CASES)

BANK_READERS: dict[BankChannel, Service | None] = {
    "needs": None,  # the bank itself
    "receipts": None,
    "replies": "feedback",
    "products": "matching",
}
"""Which service reads a bank's topic; None where the bank is the reader and notification the writer."""

_BANK_TOPIC = re.compile(r"^yuqiao\.bank\.([a-z0-9]+)\.(needs|receipts|replies|products)\.v1$")


@lru_cache(maxsize=4096)
def bank_topic(bank: str, channel: BankChannel) -> str:
    """`bank_topic("bank01", "needs")` is `yuqiao.bank.bank01.needs.v1`."""
    return f"yuqiao.bank.{bank}.{channel}.v1"


@lru_cache(maxsize=4096)
def parse_bank_topic(topic: str) -> tuple[str, BankChannel] | None:
    """The bank and channel of a bank's topic, or None for any other topic."""
    found = _BANK_TOPIC.match(topic)
    if not found:
        return None
    bank, channel = found.groups()
    return bank, next(c for c in BANK_CHANNELS if c == channel)


@lru_cache(maxsize=4096)
def is_compacted(topic: str) -> bool:
    """Whether the topic keeps the last record of each key for ever."""
    bank = parse_bank_topic(topic)
    return bank[1] == "products" if bank else topic in {stream.name for stream in SHARED if stream.compacted}


def read_pattern(service: Service) -> str:
    """The one topic pattern a service subscribes to, so that a new bank is seen without a restart."""
    names = [re.escape(s.name) for s in SHARED if service in s.readers]
    names += [rf"yuqiao\.bank\.[a-z0-9]+\.{c}\.v1" for c, reader in BANK_READERS.items() if reader == service]
    return "^(" + "|".join(names) + ")$"
