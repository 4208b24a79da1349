"""Pure decisions: when two statements are one need, what becomes of its facts, when a consent is live."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from services.intake.filing import ANY_BANK, ConsentStated, Statement
from yuqiao.contracts.base import Value
from yuqiao.contracts.values import Code, Id, NeedFacts, Origin, Reason, Routing

SAME_AMOUNT = Decimal("0.10")
SAME_DAYS = 90


class Need(Value):
    """A need that was registered. `origins` are the channels that still stand behind it."""

    id: Id
    enterprise: Id
    facts: NeedFacts
    routing: Routing
    revision: int = 1
    origins: tuple[Origin, ...]
    open: bool = True


class Consent(Value):
    """What an enterprise has said about a bank (`*`: any). `expires_on` None: it was never granted, only revoked."""

    enterprise: Id
    bank: Code | str
    expires_on: date | None = None
    revoked: bool = False


def odd_said(
    is_bank: Callable[[str], bool], routed: Iterable[str], consent: ConsentStated | None, day: date
) -> Iterator[Reason]:
    """What cannot be meant in a need that is stated today: banks that nobody knows, a consent that has run out."""
    named = [("routing.banks", bank) for bank in routed]
    named += [("consent.banks", bank) for bank in consent.banks if bank != ANY_BANK] if consent else []
    for field, bank in named:
        if not is_bank(bank):
            text = f"{field} 的值 {bank} 有误：没有这家银行"
            yield Reason(code="bank_unknown", values={"field": field, "value": bank}, text=text)
    if consent and consent.expires_on < day:  # a letter may run for longer than what is granted on the page
        last = consent.expires_on.isoformat()
        text = f"consent.expires_on 的值 {last} 有误：授权已过期，须不早于今天 {day}"
        yield Reason(code="consent_period", values={"field": "consent.expires_on", "value": last}, text=text)


def is_same_need(need: Need, statement: Statement, origin: Origin, day: date) -> bool:
    """Whether a statement repeats a need that came another way: same kind, amount within 10 %, stated within 90 days.

    Two rows of one list are two needs: who wrote the list has told them apart.
    """
    if not need.open or need.facts.kind != statement.kind:
        return False
    if origin.list_id and any(known.list_id == origin.list_id for known in need.origins):
        return False
    near = abs(statement.amount_cny - need.facts.amount_cny) <= need.facts.amount_cny * SAME_AMOUNT
    return near and abs((day - need.facts.stated_on).days) <= SAME_DAYS


def combined(old: NeedFacts, statement: Statement) -> NeedFacts:
    """The facts after the same need was stated again: what is known now counts, what is not stays; so does the first day."""
    known = {
        name: value
        for name, value in statement.facts(old.stated_on).model_dump().items()
        if value not in (None, ()) and not (name == "size_class" and value == "undetermined")
    }
    return old.but(**known)


def source_of(origin: Origin) -> str:
    """What makes two origins one: the list, or the client, or the channel."""
    return origin.list_id or origin.client or origin.channel


def with_origin(origins: tuple[Origin, ...], origin: Origin) -> tuple[Origin, ...]:
    """The origins with this one added, in the place of an older one from the same source."""
    return (*(o for o in origins if source_of(o) != source_of(origin)), origin)


def without_list(origins: tuple[Origin, ...], list_id: str) -> tuple[Origin, ...]:
    """The origins without a list that no longer names the need."""
    return tuple(o for o in origins if o.list_id != list_id)


Said = Callable[[str], Consent | None]
"""What an enterprise has said about a bank."""


def also(said: Said, enterprise: str, until: Mapping[str, date]) -> Said:
    """What an enterprise has said, with consent for these banks besides."""

    def now_said(bank: str) -> Consent | None:
        if bank in until:
            return Consent(enterprise=enterprise, bank=bank, expires_on=until[bank])
        return said(bank)

    return now_said


def is_live(said: Said, bank: str, day: date) -> bool:
    """Whether the enterprise lets this bank know who it is, on this day (the last day counts).

    A revocation for the bank itself beats a consent for all banks; an expired one does not.
    """
    own, general = said(bank), said(ANY_BANK)
    if own and own.revoked:
        return False
    return any(c and not c.revoked and c.expires_on is not None and day <= c.expires_on for c in (own, general))


def brings_news(known: Consent | None, expires_on: date, day: date) -> bool:
    """Whether a letter says more than is known: the same letter again neither repeats a consent nor undoes a revocation."""
    newer = known is None or (known.expires_on is not None and expires_on > known.expires_on)
    return newer and expires_on >= day
