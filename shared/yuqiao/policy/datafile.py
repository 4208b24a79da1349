"""Reads the data files that lie beside this code, checked against a type."""

import csv
from importlib.resources import files
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

T = TypeVar("T")


class Row(BaseModel):
    """One entry of a data file: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def text_of(name: str) -> str:
    """The content of `policy/data/<name>`. Raises FileNotFoundError when it is not installed."""
    return (files("yuqiao.policy") / "data" / name).read_text(encoding="utf-8")


def read_yaml(name: str, shape: TypeAdapter[T]) -> T:
    """A YAML data file as `shape`. Raises pydantic's ValidationError when the file does not fit."""
    content: Any = yaml.safe_load(text_of(name))
    return shape.validate_python(content)


def read_csv(name: str) -> list[dict[str, str]]:
    """A CSV data file with a header line, one mapping per row."""
    return list(csv.DictReader(text_of(name).splitlines()))
