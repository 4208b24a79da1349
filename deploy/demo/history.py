"""One number for a whole history: the same for the same code, SEED, NEEDS and BANKS, whatever was killed in between."""

import hashlib
import json
from collections.abc import AsyncIterable
from typing import Any

from yuqiao.runtime.messages import BEIJING

LEFT_OUT_TYPES = frozenset({"receipt", "bank.registered", "bank.changed", "product.listed", "product.refused"})
"""Answers to what may be sent twice, and what holds random keys."""
LEFT_OUT_FIELDS = frozenset({"place", "sealed", "key_id", "publication", "score"})
"""Where a record happened to stand, ciphertext."""


async def digest(rows: AsyncIterable[Any]) -> str:
    """SHA-256 over every published event but repetitions: service, topic, key, type, business time and body, in order."""
    whole = hashlib.sha256()
    async for row in rows:
        line = line_of(row)
        if line:
            whole.update(line.encode())
    return whole.hexdigest()


def line_of(row: Any) -> str:
    """The line that an event adds; empty for one that does not count."""
    if row["type"] in LEFT_OUT_TYPES:
        return ""
    body = json.loads(row["body"])
    if row["type"] == "reply.applied" and body.get("repeated"):
        return ""
    kept = {name: value for name, value in body.items() if name not in LEFT_OUT_FIELDS}
    at = row["at"].astimezone(BEIJING).isoformat()
    return (
        "|".join((row["service"], row["topic"], row["key"], row["type"], at, json.dumps(kept, sort_keys=True))) + "\n"
    )
