"""Who may call: the operator's key has every scope, partners have keys of their own with scopes, hashed with argon2."""

import asyncio
import hmac
import secrets
from hashlib import sha256
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import Request

from services.intake.commands import RegisterClient
from services.intake.store import Q
from yuqiao.runtime.gateway import Gateway
from yuqiao.runtime.http import require_operator
from yuqiao.runtime.messages import Refused, derived_id

Scope = Literal["lists:write", "needs:write"]
OPERATOR = "operator"
_MOST_VERIFIED = 10_000


class Clients:
    """Recognises clients by `Authorization: Bearer <id>.<secret>`.

    A key that was verified is known by its digest from then on: argon2 runs once for each key, not for each request.
    """

    def __init__(self, gateway: Gateway) -> None:
        """Nobody is known yet."""
        self._gateway = gateway
        self._hasher = PasswordHasher()
        self._verified: dict[bytes, tuple[str, frozenset[str]]] = {}

    async def require(self, request: Request, scope: Scope) -> str:
        """The client's id. Raises Refused: 401 `unauthorized`, 403 `forbidden` when its key lacks the scope."""
        key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        operator = self._gateway.settings.operator_key.get_secret_value()
        if operator and hmac.compare_digest(key.encode(), operator.encode()):
            return OPERATOR
        client, scopes = await self._client(key)
        if scope not in scopes:
            raise Refused("forbidden", f"该密钥没有 {scope} 权限", 403)
        return client

    def require_operator(self, request: Request) -> None:
        """Raises Refused (401) for everybody else."""
        require_operator(request, self._gateway.settings)

    async def _client(self, key: str) -> tuple[str, frozenset[str]]:
        digest = sha256(key.encode()).digest()
        if digest in self._verified:
            return self._verified[digest]
        client, _, secret = key.partition(".")
        async with self._gateway.reading() as conn:
            rows = await conn.fetch(Q.client_by_id, client) if secret and client.isprintable() else []
        if not rows or not await asyncio.to_thread(self._verify, rows[0]["hash"], secret):
            raise Refused("unauthorized", "密钥缺失或无效", 401)
        found = client, frozenset(rows[0]["scopes"])
        if len(self._verified) < _MOST_VERIFIED:
            self._verified[digest] = found
        return found

    def _verify(self, stored: str, secret: str) -> bool:
        try:
            return self._hasher.verify(stored, secret)
        except (VerificationError, InvalidHashError):
            return False

    async def register(self, client: str, scopes: tuple[Scope, ...]) -> str:
        """Give a client a key in place of its old one; returns the key, which is shown this once."""
        if client == OPERATOR:
            raise Refused("client_reserved", "该名称保留给操作员", 409)
        secret = secrets.token_urlsafe(32)
        secret_hash = await asyncio.to_thread(self._hasher.hash, secret)
        command_id = derived_id("intake", "client", client, secret_hash)
        await self._gateway.submit(RegisterClient(id=command_id, client=client, scopes=scopes, secret_hash=secret_hash))
        self._verified = {d: known for d, known in self._verified.items() if known[0] != client}
        return f"{client}.{secret}"
