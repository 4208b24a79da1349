"""GB/T 4754-2017 as amended: 20 门类, 97 大类, 473 中类, 1382 小类. data/industries.csv, its source in data/SOURCES.md."""

import re
from dataclasses import dataclass
from functools import lru_cache

from yuqiao.policy.datafile import read_csv

LEVELS = {1: "门类", 3: "大类", 4: "中类", 5: "小类"}
"""What a code of this length is: section, division, group, class."""
_CODE = re.compile(r"[A-T]([0-9]{2,4})?")
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Industry:
    """A section's letter, or that letter and 2 to 4 digits; codes are hierarchical (C, C34, C348, C3484)."""

    code: str
    parent: str
    name: str

    @property
    def level(self) -> str:
        """门类, 大类, 中类 or 小类."""
        return LEVELS[len(self.code)]


def industry(code: str) -> Industry:
    """The industry of a code of any level. Raises ValueError that says in Chinese what would be right."""
    if not _CODE.fullmatch(code):
        raise ValueError("须为门类字母 A 至 T，或字母加 2 至 4 位数字，如 C34、C348、C3484")
    found = industries().get(code)
    if found is None:
        raise ValueError(f"GB/T 4754-2017 没有这个行业代码，{_right(code)}")
    return found


def parse_industry(code: str) -> Industry | None:
    """The industry of a section's letter and 2 to 4 digits; None for a letter alone, and for what is no code."""
    return industries().get(code) if len(code) > 1 else None


def ancestry(code: str) -> tuple[Industry, ...]:
    """From the section down to the code itself. Raises ValueError as `industry`."""
    found = industry(code)
    return (*ancestry(found.parent), found) if found.parent else (found,)


@lru_cache(maxsize=1)
def industries() -> dict[str, Industry]:
    """All of them by code, each below its parent."""
    return {row["code"]: Industry(row["code"], row["parent"], row["name"]) for row in read_csv("industries.csv")}


def _right(code: str) -> str:
    """What would be right: the same digits under their own letter, or what there is below the nearest code."""
    known = industries()
    other = next((letter + code[1:] for letter in "ABCDEFGHIJKLMNOPQRST" if letter + code[1:] in known), None)
    if other is not None:
        return f"应为 {other}（{known[other].name}）"
    above = next(known[code[:n]] for n in (4, 3, 1) if len(code) > n and code[:n] in known)
    below = [one for one in known.values() if one.parent == above.code]
    shown = "、".join(f"{one.code}（{one.name}）" for one in below[:_SHOWN])
    return f"{above.code}（{above.name}）之下有 {shown}{' 等' if len(below) > _SHOWN else ''}"
