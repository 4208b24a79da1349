"""Small files that other processes read: whole or not at all, also after kill -9, and their owner's alone unless said."""

import os
import secrets
from pathlib import Path


def replace(path: Path, text: str, mode: int = 0o600) -> str:
    """Write `text` in one step: a reader finds the old text or the new, never half. Returns `text`."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.touch(mode=mode)
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return text


def password(path: Path) -> str:
    """The password kept there, URL-safe, made at random the first time."""
    return path.read_text(encoding="utf-8") if path.exists() else replace(path, secrets.token_urlsafe(24))
