"""Identity sealed for one bank: compact JWE, ECDH-ES+A256KW with the bank's EC P-256 key, content A256GCM."""

from contextlib import suppress
from functools import lru_cache
from typing import TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import ValidationError

from yuqiao.contracts.values import Borrower, Identity

ALGORITHM = "ECDH-ES+A256KW"
ENCRYPTION = "A256GCM"
_ALLOWED = jwe.JWERegistry(algorithms=[ALGORITHM, ENCRYPTION])
Who = TypeVar("Who", Identity, Borrower)


class NotSealedForUs(ValueError):
    """The text is no JWE, or it is sealed for another key."""


def seal(identity: Identity | Borrower, public_key_pem: str, key_id: str) -> str:
    """The identity as compact JWE that only the holder of the private key can open. Differs at every call."""
    header = {"alg": ALGORITHM, "enc": ENCRYPTION, "kid": key_id, "typ": "yuqiao-identity+jwe"}
    text = identity.model_dump_json(exclude_none=True).encode()
    return jwe.encrypt_compact(header, text, _key(public_key_pem), registry=_ALLOWED)


@lru_cache(maxsize=256)
def _key(pem: str) -> ECKey:
    """A key, read once."""
    return ECKey.import_key(pem)


def is_private_key(pem: str) -> bool:
    """Whether what is sealed for a bank can be opened with it: EC P-256, private, not under a password."""
    with suppress(JoseError, ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        key = _key(pem)
        return key.is_private and key.curve_name == "P-256"
    return False


def open_sealed(sealed: str, private_key_pem: str) -> Identity:
    """The identity inside a `need.disclosed`. Raises NotSealedForUs."""
    return _opened(Identity, sealed, private_key_pem)


def open_borrower(sealed: str, private_key_pem: str) -> Borrower:
    """The borrower inside a `borrower.disclosed`. Raises NotSealedForUs."""
    return _opened(Borrower, sealed, private_key_pem)


def _opened(kind: type[Who], sealed: str, private_key_pem: str) -> Who:
    try:
        opened = jwe.decrypt_compact(sealed, _key(private_key_pem), registry=_ALLOWED)
        return kind.model_validate_json(opened.plaintext or b"")
    except (JoseError, ValueError, ValidationError) as error:
        raise NotSealedForUs(f"不是为本行密钥密封的内容：{type(error).__name__}") from error
