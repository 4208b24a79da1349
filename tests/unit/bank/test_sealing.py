"""An identity is opened by the bank it was sealed for and by nobody else."""

import base64
import json
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from yuqiao.contracts.sealing import NotSealedForUs, is_private_key, open_borrower, open_sealed, seal
from yuqiao.contracts.values import Borrower, Identity

SM2 = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgiKIm6pc3opEx3CZx
HGZzUxZtNzkIfowvkFmavhiY0yahRANCAAQlcOCE6aTiEWre8OCiwCAUw4PXXfhN
jOpMcPZzthBYuv7wgpqL5z3bpwKt1o1gxbtO4/eNyolh0rggnhosY0IV
-----END PRIVATE KEY-----
"""
IDENTITY = Identity(
    enterprise_name="测试渝桥机械有限公司",
    uscc="91500112TE00000021",
    contact_name="测试联系人",
    contact_phone="19900000000",
    amount_cny=Decimal("1500000.00"),
    purpose="补充流动资金",
)


def key_pair() -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


PRIVATE, PUBLIC = key_pair()


def test_round_trip() -> None:
    sealed = seal(IDENTITY, PUBLIC, "bank01-1")
    assert open_sealed(sealed, PRIVATE) == IDENTITY
    first = sealed.split(".")[0]
    header = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    assert (header["alg"], header["enc"], header["kid"]) == ("ECDH-ES+A256KW", "A256GCM", "bank01-1")


def test_a_lender_is_told_who_borrowed_and_nothing_else() -> None:
    borrower = Borrower(enterprise_name=IDENTITY.enterprise_name, uscc=IDENTITY.uscc)
    sealed = seal(borrower, PUBLIC, "k")
    assert open_borrower(sealed, PRIVATE) == borrower
    with pytest.raises(NotSealedForUs):
        open_sealed(sealed, PRIVATE)


def test_nothing_of_it_can_be_read_and_no_two_are_equal() -> None:
    sealed = seal(IDENTITY, PUBLIC, "k")
    assert sealed != seal(IDENTITY, PUBLIC, "k")
    assert IDENTITY.uscc not in sealed


def test_another_key_opens_nothing() -> None:
    with pytest.raises(NotSealedForUs):
        open_sealed(seal(IDENTITY, PUBLIC, "k"), key_pair()[0])


def test_a_key_that_opens_nothing_is_known_beforehand() -> None:
    rsa_key = rsa.generate_private_key(65537, 2048)
    curves = ec.SECP384R1(), ec.SECP224R1(), ec.BrainpoolP256R1()
    others = [rsa_key, *map(ec.generate_private_key, curves)]
    wrong = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() for key in others]
    wrong.append(
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
        .decode()
    )
    assert [is_private_key(pem) for pem in (*wrong, SM2, PUBLIC, "", "-----BEGIN")] == [False] * 9
    assert is_private_key(PRIVATE)


@pytest.mark.parametrize("part", range(5))
def test_a_changed_part_is_noticed(part: int) -> None:
    parts = seal(IDENTITY, PUBLIC, "k").split(".")
    swapped = "A" if parts[part][5] != "A" else "B"
    parts[part] = parts[part][:5] + swapped + parts[part][6:]
    with pytest.raises(NotSealedForUs):
        open_sealed(".".join(parts), PRIVATE)


@pytest.mark.parametrize("text", ["", "a.b.c.d.e", "not a jwe", "....", "e30.e30.e30.e30.e30"])
def test_what_is_no_jwe_is_refused(text: str) -> None:
    with pytest.raises(NotSealedForUs):
        open_sealed(text, PRIVATE)
