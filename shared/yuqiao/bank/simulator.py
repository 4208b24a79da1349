"""A simulated bank as a client process: its own credentials, its own topics, nothing else. Several, if several files are named.

`python -m yuqiao.bank.simulator --env FILE… --seed N --index I --products FILE` acts on those ticks of a demo's clock topic
that are its own; with `--instant` it accepts every need at once, as fast as it can. Exits 2 when a file is wrong, 4 when the
broker is not there.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid5

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from yuqiao.bank.behaviour import Step
from yuqiao.bank.client import PATIENCE, envelope_of, read
from yuqiao.bank.desk import Desk
from yuqiao.bank.env import BadEnvFile, BankEnv
from yuqiao.bank.letters import NAMESPACE, Letter, letter
from yuqiao.bank.products import BadProducts, products_of
from yuqiao.contracts.envelope import Headers
from yuqiao.policy.calendar import BEIJING

SLOTS = 8
PUBLISHED_AT = datetime(2022, 12, 28, 9, tzinfo=BEIJING)
"""The date of 渝北金〔2022〕16号: the same product is the same bytes in every run."""
ACCEPT = Step("accept", "accept", 0)
PATIENT = {"fetch_min_bytes": 65_536, "fetch_max_wait_ms": 500}
"""Twenty banks on two cores: many needs at a time."""


class Simulator:
    """One bank."""

    def __init__(self, env: BankEnv, seed: int, products: Path | None, instant: bool) -> None:
        """Not connected yet. Raises BadProducts."""
        self.env = env
        self.products = products_of(env.bank, products, PUBLISHED_AT) if products else []
        self.desk = Desk(seed, env.bank)
        options: dict[str, Any] = {**env.client_options(), "enable_auto_commit": False, "fetch_max_wait_ms": 50}
        self.past = AIOKafkaConsumer(**options)
        self.reader = AIOKafkaConsumer(**options | (PATIENT if instant else {}), group_id=env.group("main"))
        self.ticks = AIOKafkaConsumer(**options, group_id=env.group("clock"))
        self.producer = AIOKafkaProducer(**env.client_options(), acks="all", enable_idempotence=True, linger_ms=2)
        self.topics = [TopicPartition(env.needs, 0), TopicPartition(env.receipts, 0)]

    async def connect(self) -> None:
        """Connect, remember what was written before, read everything again. Raises KafkaError, TimeoutError."""
        starting = asyncio.gather(self.past.start(), self.reader.start(), self.ticks.start(), self.producer.start())
        await asyncio.wait_for(starting, PATIENCE)
        written = await self._from_start([TopicPartition(self.env.replies, 0)])
        self.desk.written.update(name_of(record.headers) for record in written)
        known = await self._from_start([TopicPartition(self.env.products, 0)])
        await self._publish_products({(record.key or b"").decode() for record in known})
        await self.past.stop()
        self.reader.assign(self.topics)
        await self.reader.seek_to_beginning(*self.topics)

    async def _from_start(self, partitions: list[TopicPartition]) -> list[Any]:
        self.past.assign(partitions)  # without a group: a group's consumer is assigned once
        await self.past.seek_to_beginning(*partitions)
        return await read_to_end(self.past, partitions)

    async def _publish_products(self, known: set[str]) -> None:
        letters = []
        for product in self.products:
            if product.key not in known:
                name = str(uuid5(NAMESPACE, f"{self.env.bank}/{product.key}"))
                letters.append(Letter(product.key.encode(), product.to_json(), envelope_of(product, name).headers()))
        await self._write(self.env.products, letters)

    async def _write(self, topic: str, letters: Iterable[Letter]) -> None:
        """Write all together, in order; done when each is acknowledged. A bank's own topics have one partition.

        In batches, for a future for each letter costs more than it. (The services' `runtime.kafka` packs for many partitions.)
        """
        batches: list[BatchBuilder] = []
        for out in letters:
            record = {"key": out.key, "value": out.body, "headers": out.headers, "timestamp": None}
            if not batches or batches[-1].append(**record) is None:
                batches.append(self.producer.create_batch())
                batches[-1].append(**record)
        for batch in batches:
            await (await self.producer.send_batch(batch, topic, partition=0))

    async def run_stepped(self, index: int) -> None:
        """Act on this bank's ticks. A tick is committed when everything it led to is acknowledged and committed."""
        clock = TopicPartition(self.env.clock, 0)
        self.ticks.assign([clock])
        if await self.ticks.committed(clock) is None:
            await self.ticks.seek_to_beginning(clock)
        while True:
            for record in (await self.ticks.getmany(clock, timeout_ms=1000)).get(clock, []):
                tick = json.loads(record.value)
                if tick["working_day"] and (tick["slot"], tick["turn"]) == (index % SLOTS, index // SLOTS):
                    await self.act(datetime.fromisoformat(tick["now"]))
                await self.ticks.commit({clock: record.offset + 1})

    async def act(self, now: datetime) -> None:
        """Read to the end, write what is due, be sure that it is written."""
        for record in await read_to_end(self.reader, self.topics):
            received = read(record)
            if received:
                self.desk.take(received)
        await self._write(self.env.replies, self.desk.due(now))
        await self._commit()

    async def _commit(self) -> None:
        await self.reader.commit({tp: await self.reader.position(tp) for tp in self.topics})

    async def run_instant(self) -> None:
        """Accept everything at once, in batches; what was accepted before a restart is not accepted again."""
        done, commit_at = set(self.desk.written), 0.0
        while True:
            letters = []
            for records in (await self.reader.getmany(*self.topics, timeout_ms=1000, max_records=1000)).values():
                for record in records:
                    if record.topic == self.env.needs and ("ce_type", b"need.offered") in record.headers:
                        offer = record.key.decode()
                        name = str(uuid5(NAMESPACE, f"instant/{offer}"))
                        if name not in done:
                            done.add(name)
                            letters.append(letter(self.env.bank, offer, ACCEPT, name, datetime.now(BEIJING)))
            await self._write(self.env.replies, letters)
            if time.monotonic() > commit_at:
                await self._commit()
                commit_at = time.monotonic() + 1

    async def stop(self) -> None:
        """Disconnect, bounded."""
        stopping = asyncio.gather(self.past.stop(), self.reader.stop(), self.ticks.stop(), self.producer.stop())
        await asyncio.wait_for(stopping, PATIENCE)


async def read_to_end(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> list[Any]:
    """Everything up to the end as of now."""
    ends = await consumer.end_offsets(partitions)
    found = []
    while any([await consumer.position(tp) < end for tp, end in ends.items()]):
        for records in (await consumer.getmany(*partitions, timeout_ms=200)).values():
            found += records
    return found


def name_of(headers: Headers) -> str:
    """The ce_id of a record of the bank's own; empty when it has none."""
    return next((value.decode("utf-8", "replace") for header, value in headers if header == "ce_id"), "")


async def run(arguments: argparse.Namespace) -> None:
    """All the banks until one of them ends."""
    async with asyncio.TaskGroup() as banks:
        for env in arguments.env:
            banks.create_task(run_one(BankEnv.read(env), arguments))


async def run_one(env: BankEnv, arguments: argparse.Namespace) -> None:
    """Connect and act until ended."""
    simulator = Simulator(env, arguments.seed, arguments.products, arguments.instant)
    try:
        await simulator.connect()
        print(f"{simulator.env.bank} ready", file=sys.stderr, flush=True)
        await (simulator.run_instant() if arguments.instant else simulator.run_stepped(arguments.index))
    finally:
        await simulator.stop()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", type=Path, required=True, nargs="+")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--products", type=Path)
    parser.add_argument("--instant", action="store_true")
    code = 0  # an exit inside `except*` would end in a group of exceptions
    try:
        asyncio.run(run(parser.parse_args()))
    except* (BadEnvFile, BadProducts) as errors:
        print(*errors.exceptions, sep="\n", file=sys.stderr)
        code = 2
    except* (KafkaError, OSError, TimeoutError) as errors:
        for error in errors.exceptions:
            print(f"连不上 Kafka：{type(error).__name__} {error}", file=sys.stderr)
        code = 4
    return code


if __name__ == "__main__":
    sys.exit(main())
