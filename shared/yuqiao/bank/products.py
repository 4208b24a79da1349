"""A file of products: YAML, a bank's own list, or bank → list; each product field by field as on the wire."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from yuqiao.contracts.from_bank import ProductPublished


def products_of(bank: str, path: Path) -> list[Any]:
    """What a file says that this bank offers, as it stands there. Raises OSError, UnicodeDecodeError, yaml.YAMLError."""
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    own = listed.get(bank) if isinstance(listed, Mapping) else listed
    return own if isinstance(own, list) else []


def published(bank: str, fields: Any, at: datetime) -> ProductPublished:
    """One of them as its event. Raises pydantic.ValidationError."""
    return ProductPublished.model_validate(
        {**fields, "bank": bank, "at": at} if isinstance(fields, Mapping) else fields
    )
