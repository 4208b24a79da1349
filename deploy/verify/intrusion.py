"""I7 by trying: with each bank's own credentials, what it must not do."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaError, Producer

from yuqiao.contracts.streams import BANK_CHANNELS, bank_topic

PATIENCE = 20
NO_ANSWER = f"the broker says neither yes nor no within {PATIENCE} s"
SAYS_THE_END = {"enable.partition.eof": True, "auto.offset.reset": "earliest"}
DENIED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
Options = dict[str, Any]
Attempt = tuple[str, Callable[[], bool]]


def attempts(options: dict[str, Options]) -> list[tuple[str, bool]]:
    """(what was tried, whether it was denied) for each bank against its neighbour. `options` of confluent-kafka by bank.

    Raises TimeoutError when the broker does not answer.
    """
    banks = sorted(options)
    tries = [one for number, bank in enumerate(banks) for one in _tries(options[bank], bank, _next(banks, number))]
    with ThreadPoolExecutor(8) as pool:
        denied = list(pool.map(lambda one: one[1](), tries))
    return [(name, was_denied) for (name, _), was_denied in zip(tries, denied, strict=True)]


def _next(banks: Sequence[str], number: int) -> str:
    return banks[(number + 1) % len(banks)] if len(banks) > 1 else f"{banks[0]}x"


def _tries(mine: Options, bank: str, other: str) -> Iterator[Attempt]:
    for channel in BANK_CHANNELS:
        yield f"{bank} reads {other}'s {channel}", partial(_read_denied, mine, bank, bank_topic(other, channel))
    yield f"{bank} reads the needs stream", partial(_read_denied, mine, bank, "yuqiao.needs.v1")
    yield f"{bank} joins {other}'s group", partial(_join_denied, mine, bank, other)
    yield f"{bank} writes its own needs", partial(_write_denied, mine, bank_topic(bank, "needs"))
    yield f"{bank} writes {other}'s replies", partial(_write_denied, mine, bank_topic(other, "replies"))


def _read_denied(options: Options, bank: str, topic: str) -> bool:
    consumer = Consumer({**options, **SAYS_THE_END, "group.id": f"yuqiao.bank.{bank}.intrusion"})
    try:
        consumer.subscribe([topic])
        return _first_answer(consumer)
    finally:
        consumer.close()


def _join_denied(options: Options, bank: str, other: str) -> bool:
    consumer = Consumer({**options, **SAYS_THE_END, "group.id": f"yuqiao.bank.{other}.main"})
    try:
        consumer.subscribe([bank_topic(bank, "needs")])
        return _first_answer(consumer)
    finally:
        consumer.close()


def _first_answer(consumer: Consumer) -> bool:
    """Whether the first thing that the broker says is a denial. A record is none, and the end of a quiet topic is none."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is not None:
            error = message.error()
            return error is not None and error.code() in DENIED
    raise TimeoutError(NO_ANSWER)


def _write_denied(options: Options, topic: str) -> bool:
    said: list[KafkaError | None] = []
    producer = Producer({**options, "message.timeout.ms": PATIENCE * 1000})
    producer.produce(topic, b"{}", key=b"intrusion", partition=0, on_delivery=lambda error, _: said.append(error))
    producer.flush(PATIENCE)
    code = said[0].code() if said and said[0] is not None else None
    if not said or code == KafkaError._MSG_TIMED_OUT:
        raise TimeoutError(NO_ANSWER)
    return code in DENIED
