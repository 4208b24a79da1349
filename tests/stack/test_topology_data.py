"""Data and code say the same: topics.yaml and principals.yaml are what the streams and the four services say."""

from importlib import import_module

from deploy.stack import brokerage
from yuqiao.contracts.base import BankEvent, StreamEvent
from yuqiao.contracts.streams import BANK_CHANNELS, BANK_READERS, SERVICES, SHARED, bank_topic, is_compacted

KINDS = {"state_owned", "joint_stock", "city", "rural", "village"}


def template(channel: str) -> str:
    return bank_topic("<bank>", channel)  # type: ignore[arg-type]  # a name out of a YAML file


def test_the_topics_are_the_streams() -> None:
    data = brokerage.load("topics.yaml")
    assert {name: bool(topic.get("compacted")) for name, topic in data["shared"].items()} == {
        stream.name: stream.compacted for stream in SHARED
    }
    assert {topic["partitions"] for topic in data["shared"].values()} == {6}
    assert set(data["bank"]) == set(BANK_CHANNELS)
    assert {topic["partitions"] for topic in data["bank"].values()} == {1}
    given = {template(channel).replace("<bank>", "b"): topic for channel, topic in data["bank"].items()} | data[
        "shared"
    ]
    assert [name for name, topic in given.items() if topic.get("compacted")] == list(filter(is_compacted, given))


def test_a_service_may_read_what_it_is_a_reader_of_and_write_what_it_alone_writes() -> None:
    data = brokerage.load("principals.yaml")["services"]
    assert set(data) == set(SERVICES)
    for service, given in data.items():
        reads = {s.name for s in SHARED if service in s.readers}
        reads |= {template(channel) for channel, reader in BANK_READERS.items() if reader == service}
        writes = {s.name for s in SHARED if s.writer == service}
        if service == "notification":
            writes |= {template(channel) for channel, reader in BANK_READERS.items() if reader is None}
        assert (set(given["read"]), set(given["write"])) == (reads, writes), service
        assert given["groups"] == [f"yuqiao.{service}"]
        assert given.get("watches", []) == (["yuqiao.bank.*"] if service == "notification" else [])


def test_a_bank_may_read_its_four_topics_and_write_what_a_service_reads() -> None:
    bank = brokerage.load("principals.yaml")["bank"]
    assert set(bank["read"]) == {template(channel) for channel in BANK_CHANNELS}
    assert set(bank["write"]) == {template(channel) for channel, reader in BANK_READERS.items() if reader}
    assert bank["groups"] == ["yuqiao.bank.<bank>.*"]


def test_what_a_service_hears_and_says_is_within_its_rights() -> None:
    data = brokerage.load("principals.yaml")["services"]
    for name in SERVICES:
        service = import_module(f"services.{name}.service").service
        for direction, kinds in (("read", service.on), ("write", service.emits)):
            for kind in kinds:
                if issubclass(kind, StreamEvent):
                    assert kind.stream.name in data[name][direction], (name, kind)
                elif issubclass(kind, BankEvent):
                    assert template(kind.channel) in data[name][direction], (name, kind)


def test_every_right_to_write_is_used() -> None:
    """A right that nobody needs is a door that nobody watches."""
    data = brokerage.load("principals.yaml")["services"]
    for name in SERVICES:
        service = import_module(f"services.{name}.service").service
        said = {e.stream.name if issubclass(e, StreamEvent) else template(e.channel) for e in service.emits}
        assert said == set(data[name]["write"]), name


def test_twenty_invented_banks_of_every_kind() -> None:
    banks = brokerage.load("banks.yaml")
    assert len(banks) == 20
    assert all(bank["name"].startswith("测试") and bank["name"].endswith("银行") for bank in banks.values())
    assert len({bank["name"] for bank in banks.values()}) == 20
    assert {bank["kind"] for bank in list(banks.values())[:8]} == KINDS
    assert all(bank["daily_quota"] > 0 for bank in banks.values())
