"""The bank register 银行名录 over HTTP, for the operator."""

from typing import Annotated, Any
from uuid import uuid4

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from fastapi import APIRouter, Path, Query, Request
from pydantic import ValidationError

from services.notification.commands import DisableBank, RegisterBank
from services.notification.domain import Bank
from services.notification.store import Q
from yuqiao.contracts.problems import NotJson, loads_strict, reasons_of
from yuqiao.contracts.values import VISIBLE, BankId, Reason
from yuqiao.policy.states import term
from yuqiao.runtime.docs import takes
from yuqiao.runtime.gateway import Gateway
from yuqiao.runtime.http import require_operator
from yuqiao.runtime.messages import Refused

MAX_BODY = 64 * 1024

BankName = Annotated[BankId, Path()]
Why = Annotated[str, Query(min_length=1, max_length=200, pattern=VISIBLE)]


def routes(gateway: Gateway) -> APIRouter:
    """PUT /banks/{bank}, POST /banks/{bank}/disable, GET /banks."""
    router = APIRouter()

    @router.put("/banks/{bank}", openapi_extra=takes(Bank, without=["bank", "enabled"]))
    async def register(bank: BankName, request: Request) -> dict[str, Any]:
        """A bank is registered, or its entry changed. For the operator."""
        require_operator(request, gateway.settings)
        entry = _entry(bank, await _body(request))
        outcome = await gateway.submit(RegisterBank(id=str(uuid4()), bank=bank, entry=entry))
        return {"bank": bank, "changed": bool(outcome.events)}

    @router.post("/banks/{bank}/disable")
    async def disable(bank: BankName, request: Request, reason: Why = "operator") -> dict[str, Any]:
        require_operator(request, gateway.settings)
        outcome = await gateway.submit(DisableBank(id=str(uuid4()), bank=bank, reason=reason))
        return {"bank": bank, "changed": bool(outcome.events)}

    @router.get("/banks")
    async def banks(request: Request) -> list[dict[str, Any]]:
        require_operator(request, gateway.settings)
        async with gateway.reading() as conn:
            rows = await conn.fetch(Q.register)
        return [_shown(Bank.model_validate_json(r["body"]), r["open"], r["total"]) for r in rows]

    return router


def _shown(bank: Bank, open_offers: int, offers: int) -> dict[str, Any]:
    entry = bank.model_dump(exclude={"public_key"})
    return {**entry, "kind_term": term("bank_kind", bank.kind), "offers": {"open": open_offers, "total": offers}}


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Refused("too_large", f"请求体超过 {MAX_BODY} 字节", 413)
    return body


def _entry(bank: str, body: bytes) -> Bank:
    """The entry that a body states; raises Refused (422) naming field, value and what would be right."""
    try:
        given = loads_strict(body)
        if not isinstance(given, dict):
            raise Refused("not_an_object", "请求体须为 JSON 对象", 422)
        entry = Bank.model_validate({**given, "bank": bank, "enabled": True}, strict=True)
    except NotJson as error:
        raise Refused("not_json", str(error), 422, (error.reason,)) from None
    except ValidationError as error:
        raise Refused("invalid", "银行信息有误", 422, reasons_of(error)) from None
    return entry.but(public_key=_canonical(entry.public_key))


def _canonical(pem: str) -> str:
    """The key as every reader gets it: EC P-256, SubjectPublicKeyInfo, PEM, and nothing else. Raises Refused (422)."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        text = "public_key 须为 PEM 格式的 EC P-256 公钥"
        raise Refused("invalid", text, 422, (Reason(code="bad_key", values={"field": "public_key"}, text=text),))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
