"""Secrets and keys: made once, kept in files of mode 600, never printed."""

import hashlib
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from deploy.stack.files import password, replace


class Secrets:
    """A folder of secrets. With a `seed`, what names things (not what guards them) follows from it."""

    def __init__(self, folder: Path, seed: int | None) -> None:
        """`folder` is made with mode 700."""
        self.folder, self.seed = folder, seed
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, name: str) -> Path:
        """Where a secret is kept."""
        return self.folder / name

    def keep(self, name: str, value: str) -> str:
        """Write a secret down, replacing it."""
        return replace(self.path(name), value)

    def made(self, name: str) -> str:
        """The secret of that name, made at random the first time."""
        return password(self.path(name))

    def of_service(self, service: str) -> str:
        """32 bytes in hex; in a demo they follow from the seed, so that the same seed gives the same opaque ids."""
        path = self.path(f"{service}.secret")
        if path.exists():
            return path.read_text(encoding="utf-8")
        value = secrets.token_hex(32)
        if self.seed is not None:
            value = hashlib.sha256(f"{self.seed}/{service}".encode()).hexdigest()
        return self.keep(f"{service}.secret", value)

    def key_pair(self, bank: str) -> tuple[Path, str]:
        """A bank's EC P-256 key: the private key's file, the public key as PEM."""
        path = self.path(f"{bank}.private.pem")
        if not path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            self.keep(f"{bank}.private.pem", pem)
        loaded = load_pem_private_key(path.read_bytes(), None)
        public = loaded.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return path, public
