"""Intake's state and how each event changes it. What must never be published is taken from commands, by `keep`."""

from collections.abc import Callable, Iterator
from typing import ClassVar, TypeVar

from services.intake.commands import FileReport, RegisterClient, RegisterNeed
from services.intake.domain import Consent, Need, with_origin, without_list
from services.intake.filing import ANY_BANK, Private
from services.intake.naming import awaited_as
from services.intake.notes import (
    BankNoted,
    DisputeAnswered,
    EntrySeen,
    LenderAwaited,
    ListOpened,
    NeedAnswered,
    OffersNoted,
    ProgressNoted,
    RowDropped,
    RowTaken,
)
from services.intake.progress import ENDED, advanced, answered, asked, disclosed, dispute_answered, offered, untold
from services.intake.shelves import Answer, Bank, ListRow, NeedList, NeedPrivate, Pending, Progress
from yuqiao.contracts.base import Event
from yuqiao.contracts.needs import (
    ConsentGranted,
    ConsentRevoked,
    EnterpriseConfirmed,
    EnterpriseDisputed,
    EnterprisesWord,
    IdentitySealed,
    IdentityWithheld,
    LenderSealed,
    NeedRegistered,
    NeedRevised,
    NeedWithdrawn,
)
from yuqiao.contracts.values import Borrower, Identity
from yuqiao.policy.calendar import WorkingCalendar
from yuqiao.policy.time_limits import TimeLimits
from yuqiao.runtime.book import Book, Shelf
from yuqiao.runtime.messages import Command

Seal = Callable[[Identity | Borrower, str, str], str]
"""identity or borrower, the bank's public key (PEM), key id → compact JWE. Raises ValueError for a key that is none."""

P = TypeVar(
    "P", DisputeAnswered, EnterprisesWord, IdentitySealed, LenderSealed, LenderAwaited, OffersNoted, ProgressNoted
)


class IntakeBook(Book):
    """Shelves of one batch. `kept` names those that no event can rebuild: they hold what must never be published."""

    kept: ClassVar[tuple[str, ...]] = ("privates", "reports", "clients")

    def __init__(
        self,
        seal: Seal | None = None,
        limits: TimeLimits | None = None,
        *,
        needs: Shelf[Need] | None = None,
        consents: Shelf[Consent] | None = None,
        pendings: Shelf[Pending] | None = None,
        progress: Shelf[Progress] | None = None,
        rows: Shelf[ListRow] | None = None,
        lists: Shelf[NeedList] | None = None,
        answers: Shelf[Answer] | None = None,
        banks: Shelf[Bank] | None = None,
        privates: Shelf[NeedPrivate] | None = None,
    ) -> None:
        """The shelves as loaded; `seal` closes an identity for a bank, `limits` say what a bank has time for."""
        super().__init__()
        self._seal = seal
        self.limits, self.calendar = limits or TimeLimits(()), WorkingCalendar.load()
        self.needs: Shelf[Need] = needs or Shelf()
        self.consents: Shelf[Consent] = consents or Shelf()
        self.pendings: Shelf[Pending] = pendings or Shelf()
        self.progress: Shelf[Progress] = progress or Shelf()
        self.rows: Shelf[ListRow] = rows or Shelf()
        self.lists: Shelf[NeedList] = lists or Shelf()
        self.answers: Shelf[Answer] = answers or Shelf()
        self.banks: Shelf[Bank] = banks or Shelf()
        self.privates: Shelf[NeedPrivate] = privates or Shelf()
        self.reports: Shelf[FileReport] = Shelf()
        self.clients: Shelf[RegisterClient] = Shelf()
        self._needs_of: dict[str, dict[str, None]] = {}
        for need in self.needs:
            self._needs_of.setdefault(need.enterprise, {})[need.id] = None

    def put_need(self, need: Need) -> None:
        """A need that is new or changed."""
        self.needs.put(need.id, need)
        self._needs_of.setdefault(need.enterprise, {})[need.id] = None

    def needs_of(self, enterprise: str) -> Iterator[Need]:
        """An enterprise's needs, oldest first."""
        return (self.needs[need] for need in self._needs_of.get(enterprise, ()))

    def said(self, enterprise: str) -> Callable[[str], Consent | None]:
        """What an enterprise has said about each bank."""
        return lambda bank: self.consents.get(f"{enterprise}/{bank}")

    def seal(self, identity: Identity | Borrower, bank: Bank) -> str:
        """Close an identity for a bank. Raises ValueError when the bank's key is unusable."""
        if self._seal is None:
            raise ValueError("this book cannot seal")
        return self._seal(identity, bank.public_key, bank.key_id)

    def private_of(self, need: Need, command: RegisterNeed) -> Private:
        """Who stands behind a need that is stated, maybe again: a lender that another channel named stays if this names none.

        A list that alone stands behind the need may take its lender back.
        """
        kept, row = self.privates.get(need.id), command.row
        if command.private.lender or kept is None or (row and not without_list(need.origins, row.list_id)):
            return command.private
        return command.private.but(lender=kept.lender)

    def keep(self, command: Command, out: list[Event]) -> None:
        """Personal data of an accepted need, an import's annotated rows, a client's hash."""
        if isinstance(command, RegisterNeed):
            for event in out:
                if isinstance(event, NeedRegistered | RowTaken | NeedAnswered):
                    private = self.private_of(self.needs[event.need], command)
                    kept = NeedPrivate(enterprise=command.enterprise, **private.model_dump(exclude={"enterprise"}))
                    self.privates.put(event.need, kept)
        elif isinstance(command, FileReport):
            self.reports.put(command.list_id, command)
        elif isinstance(command, RegisterClient):
            self.clients.put(command.client, command)


@IntakeBook.when(NeedRegistered)
def _(book: IntakeBook, event: NeedRegistered) -> None:
    book.put_need(need_of(event))
    book.introduce(event.need, event.enterprise)
    book.progress.put(
        event.need, Progress(need=event.need, enterprise=event.enterprise, stage="registered", at=event.at)
    )


@IntakeBook.when(NeedRevised)
def _(book: IntakeBook, event: NeedRevised) -> None:
    old = book.needs[event.need]
    origins = with_origin(old.origins, event.origin)
    book.put_need(old.but(facts=event.facts, revision=event.revision, origins=origins))


@IntakeBook.when(NeedWithdrawn)
def _(book: IntakeBook, event: NeedWithdrawn) -> None:
    _close(book, event.need)


@IntakeBook.when(RowTaken)
def _(book: IntakeBook, event: RowTaken) -> None:
    row = ListRow(**event.model_dump(include=set(ListRow.model_fields)))
    book.rows.put(row_id(event.list_id, event.row_key, event.enterprise), row)


@IntakeBook.when(RowDropped)
def _(book: IntakeBook, event: RowDropped) -> None:
    book.rows.drop(row_id(event.list_id, event.row_key, event.enterprise))
    need = book.needs.get(event.need)
    if need:
        book.put_need(need.but(origins=without_list(need.origins, event.list_id)))


@IntakeBook.when(ListOpened)
def _(book: IntakeBook, event: ListOpened) -> None:
    book.lists.put(
        event.list_id,
        NeedList(
            id=event.list_id,
            name=event.name,
            client=event.client,
            version=event.version,
            file_digest=event.file_digest,
        ),
    )


@IntakeBook.when(NeedAnswered)
def _(book: IntakeBook, event: NeedAnswered) -> None:
    book.answers.put(event.request, answer_of(event))


@IntakeBook.when(BankNoted)
def _(book: IntakeBook, event: BankNoted) -> None:
    before = book.banks.get(event.bank)
    entry = before.entry + 1 if before else 1
    book.banks.put(event.bank, Bank(**event.model_dump(include=set(Bank.model_fields)), entry=entry))
    book.introduce(bank_subject(event.bank), event.bank)


@IntakeBook.when(ConsentGranted)
def _(book: IntakeBook, event: ConsentGranted) -> None:
    consent = Consent(enterprise=event.enterprise, bank=event.bank, expires_on=event.expires_on)
    book.consents.put(f"{event.enterprise}/{event.bank}", consent)


@IntakeBook.when(ConsentRevoked)
def _(book: IntakeBook, event: ConsentRevoked) -> None:
    mine = {c.bank: c for c in book.consents if c.enterprise == event.enterprise}
    for bank in mine if event.bank == ANY_BANK else ():
        book.consents.put(f"{event.enterprise}/{bank}", mine[bank].but(revoked=True))
    own = mine.get(event.bank) or Consent(enterprise=event.enterprise, bank=event.bank)
    book.consents.put(f"{event.enterprise}/{event.bank}", own.but(revoked=True))


@IntakeBook.when(IdentityWithheld)
def _(book: IntakeBook, event: IdentityWithheld) -> None:
    if event.reason != "need_withdrawn":
        pending = Pending(**event.model_dump(include=set(Pending.model_fields)))
        waits = event.reason == "bank_key_missing"
        book.pendings.put(event.offer, pending.but(seen=0 if waits else None))


@IntakeBook.when(IdentitySealed)
def _(book: IntakeBook, event: IdentitySealed) -> None:
    book.pendings.drop(event.offer)
    _show(book, event, disclosed)


@IntakeBook.when(LenderAwaited)
def _(book: IntakeBook, event: LenderAwaited) -> None:
    if book.needs[event.need].open:
        place = event.model_dump(include=set(Pending.model_fields))
        book.pendings.put(event.offer, Pending(**place, reason="lender_awaited", seen=event.entry))
    _show(book, event, untold)


@IntakeBook.when(EntrySeen)
def _(book: IntakeBook, event: EntrySeen) -> None:
    book.pendings.put(event.offer, book.pendings[event.offer].but(seen=event.entry))


@IntakeBook.when(LenderSealed)
def _(book: IntakeBook, event: LenderSealed) -> None:
    names = awaited_as(book.banks[event.bank])
    for pending in [p for p in book.pendings if p.need == event.need and p.bank in names]:
        book.pendings.drop(pending.offer)
    _show(book, event, asked)


@IntakeBook.when(OffersNoted)
def _(book: IntakeBook, event: OffersNoted) -> None:
    _show(book, event, offered)


@IntakeBook.when(ProgressNoted)
def _(book: IntakeBook, event: ProgressNoted) -> None:
    _show(book, event, advanced)
    if event.offer and event.offer_stage in ENDED:
        book.pendings.drop(event.offer)
    if event.outcome:
        _close(book, event.need)


@IntakeBook.when(EnterpriseConfirmed, EnterpriseDisputed)
def _(book: IntakeBook, event: EnterprisesWord) -> None:
    _show(book, event, answered)


@IntakeBook.when(DisputeAnswered)
def _(book: IntakeBook, event: DisputeAnswered) -> None:
    _show(book, event, dispute_answered)


def _show(book: IntakeBook, event: P, step: Callable[[Progress, P], Progress]) -> None:
    before = book.progress.get(event.need)
    if before:
        book.progress.put(event.need, step(before, event))


def _close(book: IntakeBook, need_id: str) -> None:
    need = book.needs.get(need_id)
    if need:
        book.put_need(need.but(open=False))
    for pending in [p for p in book.pendings if p.need == need_id]:
        book.pendings.drop(pending.offer)


def need_of(event: NeedRegistered) -> Need:
    """The need as it is kept when it is new."""
    return Need(
        id=event.need, enterprise=event.enterprise, facts=event.facts, routing=event.routing, origins=(event.origin,)
    )


def answer_of(event: NeedAnswered) -> Answer:
    """The answer as it is kept."""
    return Answer(**event.model_dump(include=set(Answer.model_fields)))


def row_id(list_id: str, row_key: str, enterprise: str) -> str:
    """What a list's row is filed under; a row whose code was corrected is another enterprise's row."""
    return f"{list_id}/{row_key}/{enterprise}"


def bank_subject(bank: str) -> str:
    """What a message that speaks of a bank waits for."""
    return f"bank:{bank}"
