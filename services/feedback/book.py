"""feedback's state and how each event changes it."""

from collections.abc import Callable

from services.feedback.case import Case, CaseOffer, Issue, KeptReply, Task, kept_as, later
from services.feedback.notes import LenderNoted, OfferNoted, TaskDone, TaskNotDone, WaitRecounted, WordsKept
from yuqiao.contracts.base import Value
from yuqiao.contracts.cases import (
    CaseAdvanced,
    CaseEscalated,
    CaseOpened,
    CaseResolved,
    IssueRaised,
    IssueResolved,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    PlanAdopted,
    ReofferRequested,
    ReplyAnswered,
    ReplyApplied,
    ReplyRefused,
    TaskDue,
)
from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.time_limits import TimeLimits
from yuqiao.runtime.book import Book, Shelf


class Words(Value):
    """A bank's own words, encrypted (AES-GCM), never emitted. The office reads them."""

    enterprise: str
    sealed: str
    issue: str | None = None


class FeedbackBook(Book):
    """The cases, kept replies and issues of a batch's enterprises. `encrypt` is a named capability for free text."""

    def __init__(
        self,
        cases: Shelf[Case] | None = None,
        issues: Shelf[Issue] | None = None,
        replies: Shelf[KeptReply] | None = None,
        words: Shelf[Words] | None = None,
        *,
        limits: TimeLimits,
        encrypt: Callable[[str, str], str],
    ) -> None:
        """The shelves as loaded. `encrypt(text, place)` gives base64."""
        super().__init__()
        self.cases: Shelf[Case] = cases or Shelf()
        self.issues: Shelf[Issue] = issues or Shelf()
        self.replies: Shelf[KeptReply] = replies or Shelf()
        self.words: Shelf[Words] = words or Shelf()
        self.limits, self.calendar, self.encrypt = limits, WorkingCalendar.load(), encrypt
        self._need_of = {offer: case.need for case in self.cases for offer in case.parts}

    def find(self, offer: str) -> tuple[Case, CaseOffer] | None:
        """The case and the part of it that an offer, or a question to a lender, is."""
        need = self._need_of.get(offer)
        case = self.cases.get(need) if need else None
        return (case, case.parts[offer]) if case else None

    def change(self, need: str, **fields: object) -> None:
        """Replace a case's row."""
        self.cases.put(need, self.cases[need].but(**fields))

    def change_offer(self, need: str, offer: CaseOffer, **fields: object) -> None:
        """Replace one offer of a case, and these fields of the case."""
        case = self.cases[need]
        tried = case.tried if offer.bank in case.tried else (*case.tried, offer.bank)
        reached = later(case.reached, offer.stage)
        offers = case.offers | {offer.offer: offer}
        if offer.offer not in case.offers:
            self._locate(case, offer.offer)
        self.change(need, offers=offers, tried=tried, reached=reached, **fields)

    def change_lender(self, need: str, lender: CaseOffer) -> None:
        """A question to a lender that is new or changed."""
        case = self.cases[need]
        if lender.offer not in case.lenders:
            self._locate(case, lender.offer)
        self.change(need, lenders=case.lenders | {lender.offer: lender})

    def _locate(self, case: Case, offer: str) -> None:
        self.introduce(offer, case.enterprise)
        self._need_of[offer] = case.need


@FeedbackBook.when(CaseOpened)
def _opened(book: FeedbackBook, event: CaseOpened) -> None:
    case = Case(
        need=event.need,
        enterprise=event.enterprise,
        kind=event.kind,
        channel=event.channel,
        mode=event.mode,
        amount_cny=event.amount_cny,
        first_loan=event.first_loan,
        opened_at=event.at,
        wait=event.wait,
    )
    book.cases.put(event.need, case)
    book.introduce(event.need, event.enterprise)


@FeedbackBook.when(CaseAdvanced)
def _advanced(book: FeedbackBook, event: CaseAdvanced) -> None:
    if event.offer is None:
        book.change(event.need, stage=event.stage, wait=event.wait)
        return
    before = book.cases[event.need].offers.get(event.offer)
    offer = before or CaseOffer(offer=event.offer, bank=event.bank or "", stage=event.stage)
    extended = offer.extended or (before is not None and before.stage == event.stage == "accepted")
    approved = event.amount_cny if event.stage == "approved" else offer.approved_cny
    changed = offer.but(stage=event.stage, wait=event.wait, approved_cny=approved, extended=extended)
    book.change_offer(event.need, changed)


@FeedbackBook.when(OfferNoted)
def _noted(book: FeedbackBook, event: OfferNoted) -> None:
    offer = book.cases[event.need].offers.get(event.offer)
    offer = offer or CaseOffer(offer=event.offer, bank=event.bank, stage=event.stage)
    told = offer.but(stage=event.stage, wait=event.wait)
    if event.stage == "offered":
        book.change_offer(event.need, told, stage="offered", wait=None)
    else:
        book.change_offer(event.need, told)
        book.introduce(f"disclosed:{event.offer}", event.enterprise)


@FeedbackBook.when(LenderNoted)
def _lender(book: FeedbackBook, event: LenderNoted) -> None:
    book.change_lender(event.need, CaseOffer(offer=event.offer, bank=event.bank, stage=event.stage))


@FeedbackBook.when(OfferAccepted)
def _accepted(book: FeedbackBook, event: OfferAccepted) -> None:
    offer = book.cases[event.need].offers[event.offer]
    book.change_offer(event.need, offer.but(stage="accepted", wait=event.wait), stage="in_process")


@FeedbackBook.when(OfferDeclined)
def _declined(book: FeedbackBook, event: OfferDeclined) -> None:
    offer = book.cases[event.need].offers[event.offer]
    book.change_offer(event.need, offer.but(stage="declined", wait=None, reason=event.reason))


@FeedbackBook.when(OfferExpired)
def _expired(book: FeedbackBook, event: OfferExpired) -> None:
    offer = book.cases[event.need].offers[event.offer]
    book.change_offer(event.need, offer.but(stage="expired", wait=None, reason=event.reason))


@FeedbackBook.when(ReofferRequested)
def _reoffer(book: FeedbackBook, event: ReofferRequested) -> None:
    book.change(event.need, tried=tuple(dict.fromkeys((*book.cases[event.need].tried, *event.exclude))))


@FeedbackBook.when(PlanAdopted)
def _plan(book: FeedbackBook, event: PlanAdopted) -> None:
    tasks = {t.task: Task(**t.model_dump()) for t in event.tasks}
    case = book.cases[event.need]
    measures = event.measures or case.measures
    book.change(event.need, tasks=case.tasks | tasks, measures=measures, revision=event.revision)


@FeedbackBook.when(TaskDue)
def _task_due(book: FeedbackBook, event: TaskDue) -> None:
    _change_task(book, event.need, event.task, overdue=True)


@FeedbackBook.when(TaskDone)
def _task_done(book: FeedbackBook, event: TaskDone) -> None:
    _change_task(book, event.need, event.task, done=True, not_done=False)


@FeedbackBook.when(TaskNotDone)
def _task_not_done(book: FeedbackBook, event: TaskNotDone) -> None:
    _change_task(book, event.need, event.task, done=False, not_done=True)


@FeedbackBook.when(WaitRecounted)
def _recounted(book: FeedbackBook, event: WaitRecounted) -> None:
    match event.kind:
        case "case":
            book.change(event.need, wait=event.wait)
        case "offer":
            offer = book.cases[event.need].offers[event.ref]
            book.change_offer(event.need, offer.but(wait=event.wait))
        case "task":
            _change_task(book, event.need, event.ref, due_at=event.wait.due_at, since=event.wait.since)
        case "issue":
            book.issues.put(event.ref, book.issues[event.ref].but(wait=event.wait))


def _change_task(book: FeedbackBook, need: str, task: str, **fields: object) -> None:
    tasks = book.cases[need].tasks
    book.change(need, tasks=tasks | {task: tasks[task].but(**fields)})


@FeedbackBook.when(CaseResolved)
def _resolved(book: FeedbackBook, event: CaseResolved) -> None:
    book.change(
        event.need,
        stage="resolved",
        wait=None,
        outcome=event.outcome,
        outcome_cny=event.amount_cny,
        resolved_at=event.at,
    )


@FeedbackBook.when(IssueRaised)
def _raised(book: FeedbackBook, event: IssueRaised) -> None:
    given = {name: getattr(event, name) for name in IssueRaised.model_fields if name != "at"}
    book.issues.put(event.issue, Issue(**given, raised_at=event.at))
    if event.category == "match_late":
        book.change(event.need, late_match=True)


@FeedbackBook.when(CaseEscalated)
def _escalated(book: FeedbackBook, event: CaseEscalated) -> None:
    issue = book.issues[event.issue]
    book.issues.put(event.issue, issue.but(level=event.level, wait=event.wait))


@FeedbackBook.when(IssueResolved)
def _issue_resolved(book: FeedbackBook, event: IssueResolved) -> None:
    issue = book.issues[event.issue]
    book.issues.put(event.issue, issue.but(resolution=event.resolution, wait=None))


@FeedbackBook.when(ReplyApplied, ReplyRefused)
def _judged(book: FeedbackBook, event: ReplyAnswered) -> None:
    """The first verdict on a reply to a case stands."""
    if not (event.enterprise and event.digest and event.reply):
        return
    name = kept_as(event.bank, event.reply)
    if name not in book.replies:
        reasons = event.reasons if isinstance(event, ReplyRefused) else ()
        applied = isinstance(event, ReplyApplied)
        kept = KeptReply(type=event.reply_type, digest=event.digest, applied=applied, reasons=reasons)
        book.replies.put(name, kept)


@FeedbackBook.when(WordsKept)
def _words(book: FeedbackBook, event: WordsKept) -> None:
    book.words.put(event.place, Words(enterprise=event.enterprise, sealed=event.sealed, issue=event.issue))
