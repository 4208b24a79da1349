"""A simulated bank as a client process: its own credentials, its own topics, nothing else.

`python -m yuqiao.bank.simulator --env FILE --seed N --products FILE` acts on the ticks of a demo's clock topic;
with `--instant` it accepts every need at once, as fast as it can.
"""

import argparse
import asyncio
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid5

import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from yuqiao.bank.behaviour import Step, on_disclosed, on_offered
from yuqiao.bank.client import Received, envelope_of, read
from yuqiao.bank.env import BankEnv
from yuqiao.bank.letters import NAMESPACE, Letter, letter
from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.to_bank import NeedClosed, NeedDisclosed, NeedOffered
from yuqiao.policy.calendar import BEIJING, WorkingCalendar

SLOTS = 8


class Desk:
    """What the bank has to do: plans by offer, made from what was read; and how often each letter was sent."""

    def __init__(self, seed: int, bank: str) -> None:
        """An empty desk."""
        self.seed, self.bank = seed, bank
        self.calendar = WorkingCalendar.load()
        self.offers: dict[str, NeedOffered] = {}
        self.plans: dict[str, list[tuple[datetime, Step]]] = {}
        self.sent: Counter[str] = Counter()
        self.seen: set[str] = set()

    def take(self, received: Received) -> None:
        """Plan what follows from an event."""
        if received.envelope.id in self.seen:
            return
        self.seen.add(received.envelope.id)
        event = received.event
        if isinstance(event, NeedOffered):
            self.offers[event.offer] = event
            self._plan(event.offer, event.at, on_offered(self.seed, self.bank, event))
        elif isinstance(event, NeedDisclosed) and event.offer in self.offers:
            self._plan(event.offer, event.at, on_disclosed(self.seed, self.bank, self.offers[event.offer]))
        elif isinstance(event, NeedClosed):
            late = [(at, s) for at, s in self.plans.get(event.offer, []) if s.action == "late"]
            self.plans[event.offer] = late  # a late bank answers although it was told

    def _plan(self, offer: str, since: datetime, steps: list[Step]) -> None:
        day = since.astimezone(BEIJING).date()
        for step in steps:
            due = self.calendar.add_working_days(day, step.days).due if step.days else day
            moment = datetime(due.year, due.month, due.day, tzinfo=BEIJING)
            self.plans.setdefault(offer, []).append((moment, step))

    def due(self, now: datetime) -> list[Letter]:
        """The letters to write at this tick, in a fixed order; each carries the tick's time."""
        found = []
        for offer in sorted(self.plans):
            for moment, step in sorted(self.plans[offer], key=lambda p: (p[0], p[1].days)):
                if moment <= now:
                    found += self._letters(offer, step, now)
            self.plans[offer] = [(m, s) for m, s in self.plans[offer] if m > now]
        return found

    def _letters(self, offer: str, step: Step, now: datetime) -> list[Letter]:
        name = str(uuid5(NAMESPACE, f"{self.seed}/{self.bank}/{offer}/{step.action}"))
        wanted = 2 if step.again else 1
        return [letter(self.bank, offer, step, name, now)] * (wanted - min(self.sent[name], wanted))


class Simulator:
    """One bank."""

    def __init__(self, env: BankEnv, seed: int, products: Path | None) -> None:
        """Not connected yet."""
        self.env, self.products = env, products
        self.desk = Desk(seed, env.bank)
        options = env.client_options()
        self.reader = AIOKafkaConsumer(**options, enable_auto_commit=False, group_id=env.group("main"))
        self.ticks = AIOKafkaConsumer(
            **options, enable_auto_commit=False, group_id=env.group("clock"), fetch_max_wait_ms=50
        )
        self.producer = AIOKafkaProducer(**options, acks="all", enable_idempotence=True, linger_ms=2)
        self.topics = [TopicPartition(env.needs, 0), TopicPartition(env.receipts, 0)]

    async def connect(self) -> None:
        """Connect, and remember what was done before: by reading everything again."""
        await asyncio.gather(self.reader.start(), self.ticks.start(), self.producer.start())
        replies = TopicPartition(self.env.replies, 0)
        products = TopicPartition(self.env.products, 0)
        self.reader.assign([replies, products])
        published = set()
        for record in await self._read_to_end([replies, products], from_start=True):
            name = next((v.decode("utf-8", "replace") for k, v in record.headers if k == "ce_id"), "")
            if record.topic == self.env.replies:
                self.desk.sent[name] += 1
            else:
                published.add((record.key or b"").decode())
        self.reader.assign(self.topics)
        await self.reader.seek_to_beginning(*self.topics)
        await self._publish_products(published)

    async def _read_to_end(self, partitions: list[TopicPartition], from_start: bool = False) -> list[Any]:
        """Everything up to the end as of now."""
        if from_start:
            await self.reader.seek_to_beginning(*partitions)
        ends = await self.reader.end_offsets(partitions)
        found = []
        while any([await self.reader.position(tp) < end for tp, end in ends.items()]):
            for records in (await self.reader.getmany(*partitions, timeout_ms=200)).values():
                found += records
        return found

    async def _publish_products(self, published: set[str]) -> None:
        if self.products is None:
            return
        listed = yaml.safe_load(self.products.read_text(encoding="utf-8")).get(self.env.bank, [])
        for fields in listed:
            if fields["product"] not in published:
                at = datetime(2022, 12, 28, 9, tzinfo=BEIJING)
                product = ProductPublished.model_validate({**fields, "bank": self.env.bank, "at": at})
                name = str(uuid5(NAMESPACE, f"{self.env.bank}/{product.product}"))
                headers = envelope_of(product, name).headers()
                await self.producer.send(product.topic, product.to_json(), key=product.key.encode(), headers=headers)
        await self.producer.flush()

    async def run_stepped(self, index: int) -> None:
        """Act on each tick that is this bank's; a tick is committed when everything it led to is acknowledged."""
        clock = TopicPartition(self.env.clock, 0)
        self.ticks.assign([clock])
        if await self.ticks.committed(clock) is None:
            await self.ticks.seek_to_beginning(clock)
        while True:
            for record in [r for rs in (await self.ticks.getmany(timeout_ms=1000)).values() for r in rs]:
                tick = json.loads(record.value)
                if tick["working_day"] and (tick["slot"], tick["turn"]) == (index % SLOTS, index // SLOTS):
                    await self.act(datetime.fromisoformat(tick["now"]))
                    await self.ticks.commit({clock: record.offset + 1})

    async def act(self, now: datetime) -> None:
        """Read to the end, write what is due, be sure that it is written."""
        for record in await self._read_to_end(self.topics):
            received = read(record)
            if received:
                self.desk.take(received)
        futures = [
            await self.producer.send(self.env.replies, out.body, key=out.key, headers=out.headers)
            for out in self.desk.due(now)
        ]
        await asyncio.gather(*futures)
        await self.reader.commit({tp: await self.reader.position(tp) for tp in self.topics})

    async def run_instant(self) -> None:
        """Accept everything at once, in batches."""
        accept = Step("accept", "accept", 0)
        while True:
            found = await self.reader.getmany(timeout_ms=1000, max_records=1000)
            futures = []
            for record in (r for rs in found.values() for r in rs if r.topic == self.env.needs):
                kind = next((v for k, v in record.headers if k == "ce_type"), b"")
                if kind == b"need.offered" and record.key not in self.desk.seen:
                    offer = record.key.decode()
                    self.desk.seen.add(record.key)
                    name = str(uuid5(NAMESPACE, f"instant/{offer}"))
                    out = letter(self.env.bank, offer, accept, name, datetime.now(BEIJING))
                    futures.append(
                        await self.producer.send(self.env.replies, out.body, key=out.key, headers=out.headers)
                    )
            await asyncio.gather(*futures)

    async def stop(self) -> None:
        """Disconnect."""
        await asyncio.gather(self.reader.stop(), self.ticks.stop(), self.producer.stop())


async def run(arguments: argparse.Namespace) -> None:
    """Connect and act until ended."""
    simulator = Simulator(BankEnv.read(arguments.env), arguments.seed, arguments.products)
    await simulator.connect()
    print(f"{simulator.env.bank} ready", flush=True)
    try:
        await (simulator.run_instant() if arguments.instant else simulator.run_stepped(arguments.index))
    finally:
        await simulator.stop()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--products", type=Path)
    parser.add_argument("--instant", action="store_true")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
