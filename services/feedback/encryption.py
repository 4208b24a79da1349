"""A bank's own words at rest: AES-256-GCM, key and nonce derived from the service's secret."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def encryptor(secret: str) -> Callable[[str, str], str]:
    """`encrypt(text, place)` → base64. The nonce follows from the place, which occurs once, and the text."""
    key = hashlib.sha256(f"words/{secret}".encode()).digest()
    cipher = AESGCM(key)

    def encrypt(text: str, place: str) -> str:
        nonce = hmac.digest(key, f"{place}/{text}".encode(), "sha256")[:12]
        return b64encode(nonce + cipher.encrypt(nonce, text.encode(), place.encode())).decode()

    return encrypt
