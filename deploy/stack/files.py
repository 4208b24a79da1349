"""Small files that other processes read: whole or not at all, also after kill -9, and readable by their owner alone."""

import os
import secrets
from pathlib import Path


def replace(path: Path, text: str) -> str:
    """Write `text` with mode 600 in one step: a reader finds the old text or the new, never half. Returns `text`."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
    return text


def password(path: Path) -> str:
    """The password kept there, URL-safe, made at random the first time."""
    return path.read_text(encoding="utf-8") if path.exists() else replace(path, secrets.token_urlsafe(24))
