"""A bank's own words at rest: AES-256-GCM, key and nonce derived from the service's secret."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


def encryptor(secret: str) -> Callable[[str, str], str]:
    """`encrypt(text, place)` → base64. The nonce follows from the place, which occurs once, and the text."""
    key = _key(secret)
    cipher = AESGCM(key)

    def encrypt(text: str, place: str) -> str:
        nonce = hmac.digest(key, f"{place}/{text}".encode(), "sha256")[:NONCE]
        return b64encode(nonce + cipher.encrypt(nonce, text.encode(), place.encode())).decode()

    return encrypt


def decryptor(secret: str) -> Callable[[str, str], str]:
    """The inverse: `decrypt(sealed, place)` → text. Raises InvalidTag for what was sealed elsewhere or otherwise."""
    cipher = AESGCM(_key(secret))

    def decrypt(sealed: str, place: str) -> str:
        whole = b64decode(sealed)
        return cipher.decrypt(whole[:NONCE], whole[NONCE:], place.encode()).decode()

    return decrypt


def _key(secret: str) -> bytes:
    return hashlib.sha256(f"words/{secret}".encode()).digest()
