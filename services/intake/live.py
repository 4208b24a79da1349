"""Needs that a client states one by one or in a bulk, each once: the same key and body get the answer they got before."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.bodies import understood
from services.intake.book import answer_of
from services.intake.commands import RegisterNeed
from services.intake.identity import Keys, enterprise_id, private_digest, sign_link
from services.intake.notes import NeedAnswered
from services.intake.requests import MOST_IN_BATCH, NeedBody
from services.intake.shelves import Answer
from services.intake.store import Q
from yuqiao.contracts.problems import shown
from yuqiao.contracts.values import Reason, Routing
from yuqiao.runtime.gateway import Gateway, Outcome
from yuqiao.runtime.messages import BEIJING, Refused, derived_id

LINK_DAYS = timedelta(days=365)
_UNKNOWN_LENDER = "lender 的第 {} 个名称不是本系统登记的银行代码或名称：需求照常受理，待这家银行登记后才会核实免申即享；如系笔误请更正"
KEYS = "1 至 200 个可见 ASCII 字符"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the client's own key for it, and the JSON body."""

    key: str
    body: object


@dataclass(frozen=True, slots=True)
class Answered:
    """Its answer; `replayed` when it had been given before."""

    answer: Answer
    replayed: bool


def page_address(public_url: str, keys: Keys, need: str, at: datetime) -> str:
    """The signed link to a need's page, as it is given away then: the same all that day."""
    expires = at.astimezone(BEIJING).date() + LINK_DAYS
    return f"{public_url.rstrip('/')}/e/{sign_link(keys, need, expires)}"


def remarks(answer: Answer) -> list[Reason]:
    """What was odd about a need that was taken all the same: a lender that is not registered, or is misspelt, is not asked."""
    return [
        Reason(
            code="lender_unknown",
            values={"field": "lender", "place": str(place)},
            text=_UNKNOWN_LENDER.format(place),
        )
        for place in answer.unknown_lenders
    ]


def idempotency_key(text: str) -> str:
    """A client's own key for a request: 1 to 200 printable ASCII characters. Raises Refused (400)."""
    if not _is_key(text):
        raise Refused("idempotency_key_required", f"请求头 Idempotency-Key 必填，{KEYS}", 400)
    return text


def _is_key(text: str) -> bool:
    return 1 <= len(text) <= 200 and text.isascii() and text.isprintable()


def several(body: object) -> list[Asked]:
    """`{"needs": [{"id": …, …}]}`: each need with the client's own id for it. Raises Refused."""
    needs = body.get("needs") if isinstance(body, dict) else None
    if not isinstance(needs, list) or not 1 <= len(needs) <= MOST_IN_BATCH:
        raise Refused("invalid_request", f'须为 {{"needs": [...]}}，1 至 {MOST_IN_BATCH} 条', 422)
    asked = []
    for number, need in enumerate(needs):
        if not isinstance(need, dict) or not isinstance(need.get("id"), str):
            raise Refused("invalid_request", f"第 {number + 1} 条须为对象，并有字符串 id", 422)
        if not _is_key(need["id"]):
            text = f"第 {number + 1} 条的 id {shown(need['id'])} 有误：须为 {KEYS}"
            raise Refused("idempotency_key_required", text, 400)
        asked.append(Asked(need["id"], {k: v for k, v in need.items() if k != "id"}))
    return asked


async def register(
    gateway: Gateway, keys: Keys, client: str, asked: Sequence[Asked], *, batched: bool
) -> list[Answered | Refused]:
    """Register each need or repeat its answer; what is refused stands in its place.

    422 `idempotency_key_reused`: the key came before with another body. 422 `invalid_request`: see its reasons.
    """
    results: dict[int, Answered | Refused] = {}
    commands: list[tuple[int, RegisterNeed]] = []
    for place, one in enumerate(asked):
        try:
            commands.append((place, _command(keys, client, one, batched=batched)))
        except Refused as refused:
            results[place] = refused
    outcomes = await gateway.submit_all([command for _, command in commands])
    before = await _answers(gateway, [c.id for (_, c), o in zip(commands, outcomes, strict=True) if _is_old(o)])
    for (place, command), outcome in zip(commands, outcomes, strict=True):
        results[place] = _result(command, outcome, before.get(command.id))
    return [results[place] for place in range(len(asked))]


def _command(keys: Keys, client: str, one: Asked, *, batched: bool) -> RegisterNeed:
    need = understood(NeedBody, one.body)
    filing = need.filing()
    return RegisterNeed(
        id=derived_id("intake", "request", client, one.key),
        enterprise=enterprise_id(keys, filing.private.uscc),
        channel=filing.channel,
        client=client,
        statement=filing.statement,
        private=filing.private,
        routing=Routing(mode=need.routing.mode, banks=filing.banks, places=need.routing.places),
        batched=batched,
        consent=filing.consent,
        request=_digest(keys, one.body),
    )


def _is_old(outcome: Outcome | BaseException) -> bool:
    """Whether the command's id had been taken before, by the same command or another."""
    if isinstance(outcome, Outcome):
        return not any(isinstance(event, NeedAnswered) for event in outcome.events)
    return isinstance(outcome, Refused) and outcome.code == "id_reused"


def _result(command: RegisterNeed, outcome: Outcome | BaseException, before: Answer | None) -> Answered | Refused:
    if not _is_old(outcome) and isinstance(outcome, Outcome):
        (event,) = (event for event in outcome.events if isinstance(event, NeedAnswered))
        return Answered(answer_of(event), False)
    if before is not None:
        return Answered(before, True) if before.digest == command.request else _reused()
    if isinstance(outcome, Refused):
        return _reused() if _is_old(outcome) else outcome
    raise outcome if isinstance(outcome, BaseException) else LookupError(f"command {command.id} left no answer")


def _reused() -> Refused:
    return Refused("idempotency_key_reused", "这个 Idempotency-Key 已用于内容不同的请求，请换一个新的", 422)


def _digest(keys: Keys, body: object) -> str:
    return private_digest(keys, json.dumps(body, sort_keys=True, ensure_ascii=True, default=str))


async def _answers(gateway: Gateway, ids: Sequence[str]) -> dict[str, Answer]:
    if not ids:
        return {}
    async with gateway.reading() as conn:
        rows = await conn.fetch(Q.answers_by_id, list(ids))
    return {row["id"]: Answer.model_validate_json(row["body"]) for row in rows}
