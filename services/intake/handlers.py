"""What follows from what is asked of intake. What follows from other services' events is in `disclosure` and `cases`."""

from collections.abc import Iterator
from datetime import date

from services.intake.book import IntakeBook, need_of, row_id
from services.intake.cases import (
    on_case_advanced,
    on_case_resolved,
    on_issue_resolved,
    on_need_matched,
    on_offer_declined,
    on_offer_expired,
    on_reoffer_requested,
)
from services.intake.commands import (
    ConfirmReport,
    DisputeReport,
    FileReport,
    OpenVersion,
    RegisterClient,
    RegisterNeed,
    RemoveRow,
    ReportCommand,
    WithdrawNeed,
)
from services.intake.disclosure import (
    grant,
    on_bank,
    on_bank_entered,
    on_grant_consent,
    on_offer_accepted,
    on_revoke_consent,
)
from services.intake.domain import Need, brings_news, combined, is_same_need, odd_said, without_list
from services.intake.lenders import on_lender_undeliverable
from services.intake.naming import unregistered_places
from services.intake.notes import ClientRegistered, ListFiled, ListOpened, NeedAnswered, RowDropped, RowTaken
from services.intake.shelves import OfferProgress
from yuqiao.contracts.base import Event
from yuqiao.contracts.needs import EnterpriseConfirmed, EnterpriseDisputed, NeedRegistered, NeedRevised, NeedWithdrawn
from yuqiao.contracts.values import NeedFacts, Origin
from yuqiao.runtime.messages import Moment, Out, Refused

__all__ = [
    "on_bank",
    "on_bank_entered",
    "on_case_advanced",
    "on_case_resolved",
    "on_confirm_report",
    "on_dispute_report",
    "on_file_report",
    "on_grant_consent",
    "on_issue_resolved",
    "on_lender_undeliverable",
    "on_need_matched",
    "on_offer_accepted",
    "on_offer_declined",
    "on_offer_expired",
    "on_open_version",
    "on_register_client",
    "on_register_need",
    "on_remove_row",
    "on_reoffer_requested",
    "on_revoke_consent",
    "on_withdraw_need",
]


def on_register_need(book: IntakeBook, command: RegisterNeed, at: Moment) -> Iterator[Out]:
    """A need is new, or a new version of its row, or one that came another way before: then it is the same need."""
    if command.id in book.answers:
        return  # a request repeated after its id was forgotten by the inbox
    if command.row is None and (
        wrong := tuple(odd_said(book.banks.__contains__, command.routing.banks, command.consent, at.day))
    ):
        raise Refused("invalid_request", "请求内容有误", 422, wrong)
    origin = Origin(
        channel=command.channel,
        client=command.client,
        list_id=command.row.list_id if command.row else None,
        list_version=command.row.version if command.row else None,
        row=command.row.row if command.row else None,
    )
    own = _need_of_row(book, command)
    twin = None if own else _twin(book, command, origin, at)
    stated: Need | None = None
    if own and not own.open and command.statement.facts(own.facts.stated_on) == own.facts:
        need_id = own.id  # nothing but a telephone number or the like changed in what is closed
    elif own and own.open:
        need_id = own.id
        facts = command.statement.facts(own.facts.stated_on)
        if facts != own.facts:
            yield _revised(own, facts, origin, at)
        stated = own.but(facts=facts)
    elif twin:
        need_id = twin.id
        facts = combined(twin.facts, command.statement)
        yield _revised(twin, facts, origin, at)
        stated = twin.but(facts=facts)
    else:
        need_id = at.id("need")
        registered = NeedRegistered(
            enterprise=command.enterprise,
            need=need_id,
            origin=origin,
            routing=command.routing,
            batched=command.batched,
            facts=command.statement.facts(at.day),
            at=at.now,
        )
        yield registered
        stated = need_of(registered)
    yield from _notes(book, command, need_id, at, merged=twin is not None)
    news = _consents(book, command, at)
    told = (stated, book.private_of(stated, command)) if stated else None
    yield from grant(book, command.enterprise, news, at, told)


def _need_of_row(book: IntakeBook, command: RegisterNeed) -> Need | None:
    if command.row is None:
        return None
    row = book.rows.get(row_id(command.row.list_id, command.row.row_key, command.enterprise))
    return book.needs.get(row.need) if row else None


def _twin(book: IntakeBook, command: RegisterNeed, origin: Origin, at: Moment) -> Need | None:
    """The enterprise's need that this one repeats: the oldest, if there are several."""
    same = [n for n in book.needs_of(command.enterprise) if is_same_need(n, command.statement, origin, at.day)]
    return min(same, key=lambda n: (n.facts.stated_on, n.id), default=None)


def _revised(need: Need, facts: NeedFacts, origin: Origin, at: Moment) -> NeedRevised:
    return NeedRevised(
        enterprise=need.enterprise, need=need.id, revision=need.revision + 1, origin=origin, facts=facts, at=at.now
    )


def _notes(book: IntakeBook, command: RegisterNeed, need: str, at: Moment, *, merged: bool) -> Iterator[Event]:
    if command.row:
        yield RowTaken(enterprise=command.enterprise, need=need, at=at.now, **command.row.model_dump())
    if command.request:
        yield NeedAnswered(
            enterprise=command.enterprise,
            request=command.id,
            digest=command.request,
            need=need,
            merged=merged,
            unknown_lenders=unregistered_places(command.private.lender, book.banks),
            at=at.now,
        )


def _consents(book: IntakeBook, command: RegisterNeed, at: Moment) -> dict[str, date]:
    """What the letter of authorisation adds: bank → last day. It never undoes what the enterprise itself revoked later."""
    if command.consent is None:
        return {}
    said, until = book.said(command.enterprise), command.consent.expires_on
    return {bank: until for bank in command.consent.banks if brings_news(said(bank), until, at.day)}


def on_remove_row(book: IntakeBook, command: RemoveRow, at: Moment) -> Iterator[Out]:
    """A need that no channel names any more is withdrawn; one that came another way too goes on."""
    need = book.needs.get(command.need)
    yield RowDropped(
        enterprise=command.enterprise,
        list_id=command.list_id,
        version=command.version,
        row_key=command.row_key,
        need=command.need,
        at=at.now,
    )
    if need and need.open and not without_list(need.origins, command.list_id):
        yield NeedWithdrawn(enterprise=command.enterprise, need=need.id, reason="removed", at=at.now)


def on_withdraw_need(book: IntakeBook, command: WithdrawNeed, at: Moment) -> Iterator[Out]:
    """The enterprise may take back what is still open; taking it back again changes nothing."""
    need = _own(book, command.enterprise, command.need)
    if need.open:
        yield NeedWithdrawn(enterprise=command.enterprise, need=command.need, reason="withdrawn", at=at.now)


def on_confirm_report(book: IntakeBook, command: ConfirmReport, at: Moment) -> Iterator[Out]:
    """The enterprise confirms what a bank reported; saying so again changes nothing."""
    offer = _reporting_offer(book, command)
    word = offer.word(command.statement)
    if word is None or not word.agreed:
        yield EnterpriseConfirmed(bank=offer.bank, **_words(command), at=at.now)


def on_dispute_report(book: IntakeBook, command: DisputeReport, at: Moment) -> Iterator[Out]:
    """The enterprise disputes what a bank reported: feedback opens an issue. Saying so again is news after an answer alone."""
    offer = _reporting_offer(book, command)
    word = offer.word(command.statement)
    if word is None or word.agreed or word.answered_at:
        yield EnterpriseDisputed(bank=offer.bank, **_words(command), at=at.now)


def _words(command: ReportCommand) -> dict[str, str]:
    return command.model_dump(include={"enterprise", "need", "offer", "statement"})


def _own(book: IntakeBook, enterprise: str, need_id: str) -> Need:
    need = book.needs.get(need_id)
    if need is None or need.enterprise != enterprise:
        raise Refused("need_unknown", "没有这条需求", 404)
    return need


def _reporting_offer(book: IntakeBook, command: ReportCommand) -> OfferProgress:
    """An offer whose bank has reported what is spoken of. Of visits intake does not hear: once it knows the enterprise."""
    _own(book, command.enterprise, command.need)
    progress = book.progress.get(command.need)
    offer = progress.part(command.offer) if progress else None
    if offer is None:
        raise Refused("offer_unknown", "没有这家银行的对接记录", 404)
    wanted = {"accepted", "withheld", "disclosed"} if command.statement == "visited" else {command.statement}
    if not wanted & set(offer.reached):
        raise Refused("nothing_reported", "该银行尚未报告此事，没有可确认或提出异议的内容", 409)
    return offer


def on_open_version(book: IntakeBook, command: OpenVersion, at: Moment) -> Iterator[Out]:
    """The next version of a list, or a refusal when somebody else was faster."""
    known = book.lists.get(command.list_id)
    if command.version != (known.version if known else 0) + 1:
        raise Refused("list_changed", "这份清单刚被另一次导入更新，请重新导入", 409)
    yield ListOpened(at=at.now, **command.model_dump(exclude={"id"}))


def on_file_report(book: IntakeBook, command: FileReport, at: Moment) -> Iterator[Out]:
    """An import is at its end; the book keeps its report."""
    yield ListFiled(at=at.now, **command.model_dump(exclude={"id", "body"}))


def on_register_client(book: IntakeBook, command: RegisterClient, at: Moment) -> Iterator[Out]:
    """A partner gets a key; the book keeps its hash."""
    yield ClientRegistered(client=command.client, scopes=command.scopes, at=at.now)
