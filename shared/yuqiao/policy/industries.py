"""GB/T 4754-2017: 20 sections (门类) and 97 divisions (大类), data/industries.csv."""

import re
from dataclasses import dataclass
from functools import lru_cache

from yuqiao.policy.datafile import read_csv

_CODE = re.compile(r"[A-T][0-9]{2,4}")


@dataclass(frozen=True, slots=True)
class Division:
    """A division: its section's letter and name, its two digits and its name."""

    section: str
    section_name: str
    digits: str
    name: str


@dataclass(frozen=True, slots=True)
class Industry:
    """A code of 2 to 4 digits after the section's letter; codes are hierarchical (C34, C348, C3484)."""

    code: str
    division: Division


def parse_industry(code: str) -> Industry | None:
    """The industry of `code`, a section letter and 2 to 4 digits; None when it is malformed or letter and division
    do not belong together. Groups and classes below the division are not checked."""
    if not _CODE.fullmatch(code):
        return None
    division = divisions().get(code[1:3])
    return Industry(code, division) if division is not None and division.section == code[0] else None


@lru_cache(maxsize=1)
def divisions() -> dict[str, Division]:
    """The 97 divisions by their two digits."""
    return {
        row["code"][1:]: Division(row["code"][0], row["section"], row["code"][1:], row["name"])
        for row in read_csv("industries.csv")
    }
