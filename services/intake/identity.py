"""Who an enterprise is: the canonical USCC, the opaque id formed from it, and the signed link to its own page. Pure."""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from yuqiao.policy import uscc
from yuqiao.runtime.messages import Refused

LEAST_SECRET = 16
_LINK = struct.Struct(">16sI")
_MAC_BYTES = 16


class BadValue(ValueError):
    """A value that cannot be accepted: a stable code, and a Chinese sentence that says what would be right."""

    def __init__(self, code: str, text: str) -> None:
        """`code` is stable, `text` is for people."""
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys derived from the service's secret, one for each purpose, so that no output of one serves another."""

    enterprise: bytes
    link: bytes
    digest: bytes

    @classmethod
    def of(cls, secret: str) -> "Keys":
        """Derive them. Raises ValueError when the secret is too short to be one."""
        if len(secret) < LEAST_SECRET:
            raise ValueError(f"YUQIAO_SECRET 须至少 {LEAST_SECRET} 个字符")
        return cls(*(_mac(secret.encode(), f"intake/{name}") for name in ("enterprise", "link", "digest")))


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")


def canonical_uscc(text: str) -> str:
    """The 18 characters of a 统一社会信用代码, as `yuqiao.policy.uscc` has it. Raises BadValue with its code."""
    try:
        return uscc.canonical_uscc(text)
    except uscc.BadUscc as bad:
        raise BadValue(bad.code, bad.text) from None


def enterprise_id(keys: Keys, code: str) -> str:
    """The opaque id of the enterprise with this canonical USCC: a UUID out of an HMAC, the same for the same secret."""
    return str(UUID(bytes=_mac(keys.enterprise, code)[:16], version=5))


def private_digest(keys: Keys, *parts: str) -> str:
    """A digest of text that may hold personal data: keyed, so that it cannot be guessed back."""
    return _mac(keys.digest, "\x1f".join(parts)).hex()[:32]


def sign_link(keys: Keys, need: str, expires: date) -> str:
    """The token of an enterprise's page: need and last day, signed; 48 URL-safe characters."""
    body = _LINK.pack(UUID(need).bytes, expires.toordinal())
    return urlsafe_b64encode(body + hmac.digest(keys.link, body, "sha256")[:_MAC_BYTES]).decode()


def read_link(keys: Keys, token: str, today: date) -> str:
    """The need of a token. Raises Refused: 404 `link_invalid`, 410 `link_expired`."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
        body, mac = raw[: _LINK.size], raw[_LINK.size :]
        need, last = _LINK.unpack(body)
    except (ValueError, struct.error):
        raise Refused("link_invalid", "链接无效", 404) from None
    if not hmac.compare_digest(mac, hmac.digest(keys.link, body, "sha256")[:_MAC_BYTES]):
        raise Refused("link_invalid", "链接无效", 404)
    if today.toordinal() > last:
        raise Refused("link_expired", "链接已过期", 410)
    return str(UUID(bytes=need))
