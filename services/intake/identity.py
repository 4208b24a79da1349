"""Who an enterprise is: the canonical USCC, the opaque id formed from it, and the signed link to its own page. Pure."""

import hmac
import re
import struct
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

from yuqiao.runtime.messages import Refused

LEAST_SECRET = 16
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?E\+?\d+$")
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
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
    """The 18 characters of a 统一社会信用代码: NFKC, upper case, no blanks; both check digits right (GB 32100-2015, GB 11714).

    Raises BadValue: `uscc_number` where a spreadsheet has turned it into a number, `uscc_legacy` for 15 digits, `uscc_length`,
    `uscc_characters`, `uscc_check_digit`, `uscc_organisation_check_digit`.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    if _SCIENTIFIC.match(plain):
        raise BadValue("uscc_number", "统一社会信用代码被表格软件转成了数字，请把该列设为“文本”格式后重新填写")
    if len(plain) == 15 and plain.isdigit():
        raise BadValue("uscc_legacy", "这是 15 位旧注册号，请填写 18 位统一社会信用代码")
    try:
        code: str = uscc.validate(plain)
    except InvalidLength:
        raise BadValue("uscc_length", f"统一社会信用代码须为 18 位，现为 {len(plain)} 位") from None
    except InvalidFormat:
        raise BadValue(
            "uscc_characters", "统一社会信用代码前 8 位须为数字，其余为数字或大写字母（不含 I、O、S、V、Z）"
        ) from None
    except InvalidChecksum:
        raise BadValue("uscc_check_digit", "统一社会信用代码第 18 位校验码不符，请核对各位字符") from None
    if _organisation_check(code[8:16]) != code[16]:
        raise BadValue(
            "uscc_organisation_check_digit", "统一社会信用代码第 17 位（组织机构代码校验码）不符，请核对第 9 至 17 位"
        )
    return code


def _organisation_check(body: str) -> str:
    rest = 11 - sum(int(char, 36) * weight for char, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


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
        raise Refused("link_invalid", "链接无效，请使用收到的完整链接", 404) from None
    if not hmac.compare_digest(mac, hmac.digest(keys.link, body, "sha256")[:_MAC_BYTES]):
        raise Refused("link_invalid", "链接无效，请使用收到的完整链接", 404)
    if today.toordinal() > last:
        raise Refused("link_expired", "链接已过期，请联系报送单位或区金融办重新获取", 410)
    return str(UUID(bytes=need))
