"""Loads and saves feedback's book."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from asyncpg import Connection

from services.feedback.book import FeedbackBook, Words
from services.feedback.case import Case, Issue, KeptReply, kept_as
from services.feedback.encryption import encryptor
from services.feedback.messages import IssueDue, LimitDue, RecountDue, TaskOverdue
from yuqiao.contracts.from_bank import Reply
from yuqiao.contracts.streams import bank_topic, parse_bank_topic
from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.time_limits import TimeLimits, end_of
from yuqiao.runtime.batch import Arrival
from yuqiao.runtime.messages import Deadline, HeldTooLong, Message
from yuqiao.runtime.settings import Settings
from yuqiao.runtime.shelving import Changed, Models, load_shelf, load_shelves, save_shelves
from yuqiao.runtime.sql import Queries
from yuqiao.runtime.writing import columns

Q = Queries.beside(__file__)


class FeedbackStore:
    """Everything by enterprise; a reply's enterprise is found by its offer."""

    def __init__(self, settings: Settings) -> None:
        """Time limits and the key for free text come from the settings."""
        self.limits, self.calendar = TimeLimits.load(settings.time_limits), WorkingCalendar.load()
        self.encrypt = encryptor(settings.secret.get_secret_value())

    async def keys(self, conn: Connection, messages: Sequence[Message]) -> list[tuple[str, ...]]:
        """A reply's key is its offer's enterprise, or the offer while that is not known here."""
        plain = [m.message if isinstance(m, HeldTooLong) else m for m in messages]
        offers = [m.offer for m in plain if isinstance(m, Reply)]
        rows = await conn.fetch(Q.locate, offers) if offers else []
        known = {r["subject"]: r["key"] for r in rows}
        return [(known.get(m.offer, m.offer) if isinstance(m, Reply) else m.key,) for m in plain]

    async def load(self, conn: Connection, keys: Sequence[str], arrivals: Sequence[Arrival]) -> FeedbackBook:
        """One statement."""
        models: Models = {"cases": Case, "issues": Issue, "replies": KeptReply}
        replies = [kept_as(a.cause.bank, a.cause.id) for a in arrivals if a.cause.bank]
        shelves = await load_shelves(conn, Q.load, models, list(keys), replies)
        return FeedbackBook(**shelves, limits=self.limits, encrypt=self.encrypt)

    async def save(self, conn: Connection, book: FeedbackBook) -> None:
        """At most four statements."""
        await save_shelves(
            conn,
            Q.save_cases_and_replies,
            Changed(book.cases, 6, _case_columns),
            Changed(book.replies),
        )
        issues = Changed(book.issues, 3, lambda _, i: (i.enterprise, i.need, i.resolution is None))
        await save_shelves(conn, Q.save_issues, issues)
        await save_shelves(conn, Q.save_words, Changed(book.words, 1, lambda _, w: (w.enterprise,)))
        before, after = (
            _deadlines(book.cases.before(), book.issues.before()),
            _deadlines((c for _, c in book.cases.changes()), (i for _, i in book.issues.changes())),
        )
        gone = [row for row in before if row not in after]
        new = [(*row, *value) for row, value in after.items() if before.get(row) != value]
        if gone or new:
            await conn.execute(Q.change_deadlines, *columns(gone, 3), *columns(new, 10))

    async def due(self, conn: Connection, now: datetime, limit: int, unread: Collection[str] = ()) -> list[Deadline]:
        """Due limits, tasks and issues, and provisional days that the calendar covers now, earliest first."""
        banks = [bank[0] for bank in map(parse_bank_topic, unread) if bank]
        return [_deadline(row) for row in await conn.fetch(Q.due, now, end_of(self.calendar.horizon), limit, banks)]

    async def load_all(self, conn: Connection) -> FeedbackBook:
        """Everything."""
        return FeedbackBook(
            await load_shelf(conn, Q.all_cases, Case),
            await load_shelf(conn, Q.all_issues, Issue),
            await load_shelf(conn, Q.all_replies, KeptReply),
            await load_shelf(conn, Q.all_words, Words),
            limits=self.limits,
            encrypt=self.encrypt,
        )


def _case_columns(_: str, case: Case) -> tuple[Any, ...]:
    return case.enterprise, case.stage, case.reached, case.outcome, case.amount_cny, case.outcome_cny


def _deadlines(cases: Iterable[Case], issues: Iterable[Issue]) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    """(of, kind, ref) → the rest of the row, for everything that these wait for."""
    rows: dict[tuple[str, str, str], tuple[Any, ...]] = {}
    for case in cases:
        for kind, ref, wait, bank in case.waits():
            row = (case.enterprise, case.need, wait.limit, wait.on, wait.due_at, bank, wait.since is not None)
            rows[case.need, kind, ref] = row
    for issue in issues:
        until = issue.wait
        if until and issue.resolution is None:
            row = (issue.enterprise, issue.need, "issue", until.on, until.due_at, None, until.since is not None)
            rows[issue.issue, "issue", issue.issue] = row
    return rows


def _deadline(row: Any) -> Deadline:
    common = {"key": row["key"], "due_at": row["due_at"]}
    if row["again"]:
        return RecountDue(**common, need=row["need"], kind=row["kind"], ref=row["ref"])
    if row["kind"] == "issue":
        return IssueDue(**common, issue=row["ref"])
    topic = bank_topic(row["bank"], "replies") if row["bank"] else None
    if row["kind"] == "task":
        return TaskOverdue(**common, need=row["need"], task=row["ref"], after_topic=topic)
    offer = row["ref"] if row["kind"] == "offer" else None
    return LimitDue(**common, need=row["need"], offer=offer, limit=row["lim"], after_topic=topic)
