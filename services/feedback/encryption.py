"""A bank's own words at rest: AES-256-GCM, key and nonce derived from the service's secret."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yuqiao.contracts.problems import visible

NONCE = 12
UNREADABLE = "（无法解密：密钥已更换）"


def encryptor(secret: str) -> Callable[[str, str], str]:
    """`encrypt(text, place)` → base64. The nonce follows from the place, which occurs once, and the text."""
    key = _key(secret)
    cipher = AESGCM(key)

    def encrypt(text: str, place: str) -> str:
        nonce = hmac.digest(key, f"{place}/{text}".encode(), "sha256")[:NONCE]
        return b64encode(nonce + cipher.encrypt(nonce, text.encode(), place.encode())).decode()

    return encrypt


def reader(secret: str) -> Callable[[str, str], str]:
    """`words(sealed, place)` → the text as people may be shown it, or that it was sealed elsewhere or with another secret."""
    cipher = AESGCM(_key(secret))

    def words(sealed: str, place: str) -> str:
        whole = b64decode(sealed)
        try:
            text = cipher.decrypt(whole[:NONCE], whole[NONCE:], place.encode()).decode()
        except InvalidTag:
            return UNREADABLE
        return visible(" ".join(text.split()))

    return words


def _key(secret: str) -> bytes:
    return hashlib.sha256(f"words/{secret}".encode()).digest()
