"""What must always hold, each as a pure function of the evidence: how many things were checked, and what was found."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import chinese_calendar

from deploy.stack.partitions import readers
from deploy.verify.evidence import Evidence
from yuqiao.contracts.cases import CaseAdvanced, CaseOpened, IssueResolved, OfferExpired
from yuqiao.contracts.matches import NeedMatched
from yuqiao.contracts.needs import ConsentGranted, ConsentRevoked, IdentitySealed, LenderSealed, NeedRegistered
from yuqiao.contracts.offers import OfferPushed
from yuqiao.contracts.to_bank import IssueAnswered, NeedOffered
from yuqiao.policy.calendar import BEIJING
from yuqiao.runtime.book import Book, Shelf

MOST = 20


@dataclass(frozen=True)
class Verdict:
    """What one invariant says. No findings: it holds."""

    name: str
    checked: int
    findings: tuple[str, ...]


Check = Callable[[Evidence], Iterator[str | None]]
"""Yields None for each thing that is right, a sentence for each that is not."""

CHECKS: dict[str, Check] = {}


class Counted(NamedTuple):
    """What `checked` of an invariant counts, in English and Chinese."""

    english: str
    chinese: str


COUNTED: dict[str, Counted] = {}


def invariant(name: str, *counts: str) -> Callable[[Check], Check]:
    """Register a check under its name, with what it counts in English and Chinese."""

    def register(check: Check) -> Check:
        CHECKS[name], COUNTED[name] = check, Counted(*counts)
        return check

    return register


def judge(evidence: Evidence) -> list[Verdict]:
    """Every invariant, in order."""
    verdicts = []
    for name, check in CHECKS.items():
        said = list(check(evidence))
        verdicts.append(Verdict(name, len(said), tuple(s for s in said if s)[:MOST]))
    return verdicts


@invariant("I1 nothing accepted is lost", "needs and events that were committed", "已登记的需求与已提交的事件")
def nothing_lost(evidence: Evidence) -> Iterator[str | None]:
    """Every need has its case, every resolved issue of a bank its answer; every committed event is on its topic."""
    cases = {event.need for event in evidence.events(CaseOpened)}
    for registered in evidence.events(NeedRegistered):
        yield None if registered.need in cases else f"need {registered.need} has no case"
    answered = {answer.issue for answer in evidence.events(IssueAnswered)}
    for resolved in evidence.events(IssueResolved):
        if resolved.raised_by == "bank":
            known = resolved.issue in answered
            yield None if known else f"{resolved.bank} was told nothing of issue {resolved.issue}, which it raised"
    there = {(r.topic, r.id) for r in evidence.ours}
    for row in evidence.logs:
        if row.topic:
            yield (
                None
                if (row.topic, row.id) in there
                else f"{row.service} committed {row.type} {row.id}: not on {row.topic}"
            )


@invariant(
    "I2 no second effect; same id, same bytes",
    "events of the logs, records on our topics, and effects of which each may come once",
    "日志中的事件、主题上的记录，以及只许发生一次的效果",
)
def no_second_effect(evidence: Evidence) -> Iterator[str | None]:
    """An id stands in one log once and for one body; a bank is offered a need once; a record is answered once."""
    for (service, name), count in Counter((row.service, row.id) for row in evidence.logs).items():
        yield None if count == 1 else f"{service} logged {name} {count} times"
    bytes_of: dict[tuple[str, str], str] = {}
    for record in evidence.ours:
        if not record.id:
            continue  # no event at all: I3 says so
        before = bytes_of.setdefault((record.topic, record.id), record.digest)
        yield None if before == record.digest else f"{record.topic} has {record.id} with two bodies"
    yield from _once(evidence, "need.offered", lambda e: e.offer)
    yield from _once(evidence, "need.withheld", lambda e: e.offer)
    yield from _once(evidence, "need.disclosed", lambda e: e.offer)
    yield from _once(evidence, "borrower.disclosed", lambda e: e.offer)
    yield from _once(evidence, "need.closed", lambda e: e.offer)
    yield from _once(evidence, "task.asked", lambda e: e.task)
    yield from _once(evidence, "issue.answered", lambda e: e.issue)
    yield from _once(evidence, "receipt", lambda e: e.place)
    yield from _once(evidence, "case.resolved", lambda e: e.need)


def _once(evidence: Evidence, kind: str, what: Callable[[Any], str]) -> Iterator[str | None]:
    for name, count in Counter(what(row.event()) for row in evidence.by_type[kind]).items():
        yield None if count == 1 else f"{kind} {count} times for {name}"


@invariant(
    "I3 nothing uncommitted, unmatched or without consent",
    "records on our topics, offers that banks saw, identities sealed",
    "主题上的记录、银行收到的推送、密封披露的身份",
)
def nothing_unfounded(evidence: Evidence) -> Iterator[str | None]:
    """Every record has its committed row; every offer its match; every answer its issue; every identity a consent live then."""
    committed = {(row.topic, row.id) for row in evidence.logs}
    for record in evidence.ours:
        known = (record.topic, record.id) in committed
        yield None if known else f"{record.topic}/{record.partition}/{record.offset} has no committed row"
    matched = {(offer.offer, offer.bank) for event in evidence.events(NeedMatched) for offer in event.offers}
    for told in evidence.events(NeedOffered):
        yield None if (told.offer, told.bank) in matched else f"{told.bank} was offered {told.offer} without a match"
    resolved = {(e.issue, e.bank, e.offer) for e in evidence.events(IssueResolved) if e.raised_by == "bank"}
    for answer in evidence.events(IssueAnswered):
        known = (answer.issue, answer.bank, answer.offer) in resolved
        yield None if known else f"{answer.bank} was answered {answer.issue}, no resolved issue of its own"
    yield from _consents(evidence)


def _consents(evidence: Evidence) -> Iterator[str | None]:
    granted: dict[str, dict[str, date]] = defaultdict(dict)
    for row in evidence.logs:
        if row.type not in {"consent.granted", "consent.revoked", "identity.sealed", "lender.sealed"}:
            continue
        match row.event():
            case ConsentGranted() as event:
                granted[event.enterprise][event.bank] = event.expires_on
            case ConsentRevoked(bank="*") as event:
                granted[event.enterprise].clear()
            case ConsentRevoked() as event:
                granted[event.enterprise][event.bank] = date.min
            case (IdentitySealed() | LenderSealed()) as event:
                mine = granted[event.enterprise]
                until = mine.get(event.bank, mine.get("*", date.min))
                live = until >= event.at.astimezone(BEIJING).date()
                yield None if live else f"identity for {event.bank} without live consent: offer {event.offer}"
            case _:
                continue


@invariant(
    "I4 history is gap-free and rebuilds the state",
    "events and notes of the logs, entries of the services' states",
    "日志中的事件与备注、各服务状态中的条目",
)
def history_rebuilds(evidence: Evidence) -> Iterator[str | None]:
    """Sequences count 1, 2, 3 … per topic and key (notes have none); folding a service's log gives what it saved."""
    last: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in evidence.logs:
        place = (row.service, row.topic or "", row.key)
        last[place] += row.topic is not None
        yield None if row.sequence == last[place] else f"{place} has {row.sequence} where {last[place]} belongs"
        last[place] = row.sequence
    for service, (saved, folded) in evidence.states.items():
        yield from _differences(service, saved, folded)


def _differences(service: str, saved: Book, folded: Book) -> Iterator[str | None]:
    private: frozenset[str] = getattr(saved, "kept", frozenset())
    for name, shelf in vars(saved).items():
        if not isinstance(shelf, Shelf) or name in private:
            continue
        kept, rebuilt = dict(shelf.items()), dict(getattr(folded, name).items())
        for id_ in kept.keys() | rebuilt.keys():
            same = kept.get(id_) == rebuilt.get(id_)
            yield None if same else f"{service}.{name} {id_} differs from what the log rebuilds"


@invariant("I5 order per key equals history order", "events on our topics, each the first time", "主题上首次出现的事件")
def order_kept(evidence: Evidence) -> Iterator[str | None]:
    """On a topic, first occurrences of a key's events come in sequence, without gap."""
    seen: set[tuple[str, str]] = set()
    last: dict[tuple[str, str], int] = defaultdict(int)
    for record in sorted(evidence.ours, key=lambda r: (r.topic, r.partition, r.offset)):
        if (record.topic, record.id) in seen:
            continue
        seen.add((record.topic, record.id))
        place = (record.topic, record.key)
        last[place] += 1
        right = record.sequence == str(last[place])
        yield None if right else f"{record.topic} key {record.key}: {record.sequence} where {last[place]} belongs"


@invariant(
    "I6 timers once, never early, on the right working day",
    "up to two per expired offer: not early, the right day",
    "每笔超时推送至多两项：不早于时限、工作日无误",
)
def timers_right(evidence: Evidence) -> Iterator[str | None]:
    """Each expiry once, not before its time, and its time is what an independent calendar says, as far as it reaches."""
    entered, announced, recounted = dict(_told(evidence)), _announced(evidence), _recounted(evidence)
    seen: set[tuple[str, str]] = set()
    days = {"accept": 1, "contact": 3, "documents": 20, "decision": 10, "disburse": 5, "consent": 5}
    for row in evidence.logs:
        if row.type not in {"case.advanced", "offer.expired"}:
            continue
        event = row.event()
        if isinstance(event, CaseAdvanced) and event.offer and event.wait:
            entered[event.offer, event.wait.limit] = row.at
        if not isinstance(event, OfferExpired):
            continue
        place = (event.offer, event.limit)
        if place in seen:
            yield f"{place} expired twice"
        seen.add(place)
        yield f"{place} expired early" if event.at < event.due_at else None
        if event.limit in days and place in entered and (place not in announced or place in recounted):
            counted = end_of_working_day(entered[place].astimezone(BEIJING).date(), days[event.limit])
            if counted is not None:
                right = max(counted, announced.get(place, counted))
                yield None if event.due_at == right else f"{place} was due {event.due_at}, right is {right}"


def _told(evidence: Evidence) -> Iterator[tuple[tuple[str, str], datetime]]:
    """(offer, limit) and since when: a bank's first two limits begin when the door tells it something."""
    for row in evidence.logs:
        if row.type in {"offer.pushed", "identity.sealed"}:
            event = row.event()
            if isinstance(event, OfferPushed | IdentitySealed):
                yield (event.offer, "accept" if isinstance(event, OfferPushed) else "contact"), row.at


def _announced(evidence: Evidence) -> dict[tuple[str, str], datetime]:
    """(offer, limit) and the day that was announced before its holiday notice was out."""
    rows = [*evidence.by_type["case.advanced"], *evidence.by_type["feedback.offer_noted"]]
    said = [(body.get("offer"), body.get("wait") or {}) for body in (json.loads(row.body) for row in rows)]
    return {(o, wait["limit"]): datetime.fromisoformat(wait["due_at"]) for o, wait in said if wait.get("provisional")}


def _recounted(evidence: Evidence) -> set[tuple[str, str]]:
    """(offer, limit) whose announced day was counted again when the notice was known."""
    notes = [json.loads(row.body) for row in evidence.by_type["feedback.wait_recounted"]]
    return {(note["ref"], note["wait"]["limit"]) for note in notes if not note["wait"]["provisional"]}


def end_of_working_day(start: date, count: int) -> datetime | None:
    """24:00 of the `count`-th working day after `start`, counted one by one by another library; None where it ends."""
    day = start
    while count:
        day += timedelta(days=1)
        try:
            count -= chinese_calendar.is_workday(day)
        except NotImplementedError:  # a year that the library does not know yet
            return None
    return datetime.combine(day + timedelta(days=1), time(), BEIJING)


@invariant(
    "I7 a bank sees no byte of another bank", "attempts of banks at each other's topics", "各银行对他行主题的越权尝试"
)
def banks_apart(evidence: Evidence) -> Iterator[str | None]:
    """Tried: each bank reads another's topics, joins its group, writes where it may not."""
    for attempt, denied in evidence.intrusions:
        yield None if denied else f"{attempt} was allowed"


@invariant(
    "I8 quotas hold at every instant", "offers, once for each quota that they use", "推送，按其占用的每项额度各计一次"
)
def quotas_hold(evidence: Evidence) -> Iterator[str | None]:
    """Offers of a product or a bank on a local day, and of a product at all, never exceed the quota that was in force."""
    daily: dict[str, int] = {}
    total: dict[str, int] = {}
    used: Counter[tuple[date | None, str]] = Counter()
    for row in evidence.logs:
        if row.type == "matching.product_taken":
            product: Any = row.event()
            name = f"{product.bank}/{product.product.product}"
            daily[name] = product.product.daily_quota
            total.pop(name, None)
            if product.product.total_quota is not None:
                total[name] = product.product.total_quota
        elif row.type == "matching.bank_noted":
            bank: Any = row.event()
            daily[bank.bank] = bank.daily_quota
        elif row.type == "need.matched":
            matched: Any = row.event()
            day = matched.at.astimezone(BEIJING).date()
            for offer in matched.offers:
                product_name = f"{offer.bank}/{offer.product}"
                yield _take(used, day, product_name, daily.get(product_name, 0))
                yield _take(used, day, offer.bank, daily.get(offer.bank, 0))
                if product_name in total:
                    yield _take(used, None, product_name, total[product_name])


def _take(used: Counter[tuple[date | None, str]], day: date | None, name: str, quota: int) -> str | None:
    used[day, name] += 1
    if used[day, name] <= quota:
        return None
    return f"{name} has {used[day, name]} offers {f'on {day}' if day else 'in all'}, its quota is {quota}"


@invariant("I9 every queue empties", "queues, and partitions per reader", "队列，以及每个读取方的每个分区")
def queues_empty(evidence: Evidence) -> Iterator[str | None]:
    """No lag, nothing unsent, parked or held."""
    for queue, count in evidence.queues.items():
        yield None if count == 0 else f"{queue}: {count}"
    for (topic, partition), end in evidence.ends.items():
        for service in readers(topic):
            at = evidence.positions.get((service, topic, partition), 0)
            yield None if at == end else f"{service} is at {at} of {end} in {topic}/{partition}"


@invariant("I10 business metrics equal counts", "types of events per service", "每个服务的每类事件")
def metrics_true(evidence: Evidence) -> Iterator[str | None]:
    """What a service's /metrics says of its event log is what stands there."""
    for service, counted in evidence.counts.items():
        for kind, count in counted.items():
            said = evidence.metrics.get(service, {}).get(kind)
            yield None if said == count else f"{service} says {said} {kind}, there are {count}"
