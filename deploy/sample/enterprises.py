"""Invented enterprises, each a function of (seed, index): names start with 测试, codes carry TE, phones 1990000."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Literal

from stdnum.cn.uscc import calc_check_digit

from yuqiao.policy.size_class import Bounds, standard_for
from yuqiao.policy.states import known_codes

DISTRICT = "500112"
"""渝北区, GB/T 2260."""

# industry code, word in the name, weight, tags
_INDUSTRIES: tuple[tuple[str, str, int, tuple[str, ...]], ...] = (
    ("C3670", "汽车零部件", 12, ("supply_chain",)),
    ("C3484", "机械零部件", 9, ()),
    ("C2929", "塑料制品", 6, ()),
    ("C3911", "计算机", 6, ("tech", "export")),
    ("C1351", "肉类加工", 3, ("supply_chain", "cold_chain")),
    ("E4710", "建筑工程", 6, ()),
    ("E5011", "装饰工程", 4, ()),
    ("F5131", "纺织品批发", 6, ("export",)),
    ("F5164", "金属材料", 6, ()),
    ("F5212", "超市", 8, ("supply_chain",)),
    ("F5292", "电子商务", 5, ()),
    ("G5431", "货运", 8, ("transport",)),
    ("G5810", "多式联运", 2, ("transport", "export")),
    ("G5930", "冷链仓储", 3, ("cold_chain", "transport")),
    ("H6110", "饭店", 3, ()),
    ("H6210", "餐饮", 9, ()),
    ("I6513", "软件", 9, ("tech",)),
    ("K7020", "物业管理", 2, ()),
    ("L7291", "旅行社", 2, ()),
    ("M7320", "工程技术研究", 4, ("tech",)),
    ("N7840", "园林", 2, ()),
    ("O8111", "汽车维修", 5, ()),
    ("P8391", "职业培训", 2, ()),
    ("A0141", "蔬菜种植", 4, ("agriculture",)),
    ("A0311", "养殖", 3, ("agriculture",)),
)
_FOR_INDIVIDUALS = frozenset({"F5212", "F5292", "H6210", "O8111", "G5431", "A0141", "A0311"})
_SIZES: dict[Literal["micro", "small", "medium", "large"], int] = {
    "micro": 46,
    "small": 40,
    "medium": 11,
    "large": 3,
}
_WAN = {"staff": (3, 40), "revenue": (60, 2000), "assets": (50, 3000)}


@dataclass(frozen=True, slots=True)
class Enterprise:
    """An invented enterprise. Revenue and assets in 万元; `staff` None where the list leaves it blank."""

    name: str
    uscc: str
    entity_kind: str
    industry: str
    size: Literal["micro", "small", "medium", "large"]
    staff: int | None
    revenue_wan: int
    assets_wan: int
    region: str
    tags: tuple[str, ...]
    covid_affected: bool | None
    contact: str
    phone: str
    consent: str | None
    consent_until: date | None


def enterprise(seed: int, index: int) -> Enterprise:
    """The enterprise with this index, from 0; the same for the same seed."""
    rng = Random(f"{seed}/enterprise/{index}")
    code, word, _, tags = rng.choices(_INDUSTRIES, [weight for _, _, weight, _ in _INDUSTRIES])[0]
    kind = _entity_kind(rng, code)
    size = "micro" if kind == "individual" else rng.choices(list(_SIZES), list(_SIZES.values()))[0]
    staff, revenue, assets = _metrics(rng, code, size)
    consented = rng.random() >= 0.04
    prefix = {"enterprise": "91", "individual": "92", "cooperative": "93"}[kind]
    suffix = {"enterprise": "有限公司", "individual": "经营部", "cooperative": "农民专业合作社"}[kind]
    number = f"{index + 1:06d}"
    return Enterprise(
        name=f"测试{number}号{word}{suffix}",
        uscc=_uscc(prefix, index),
        entity_kind=kind,
        industry=code,
        size=size,
        staff=None if rng.random() < 0.01 else staff,
        revenue_wan=revenue,
        assets_wan=assets,
        region=rng.choice(known_codes("region")),
        tags=_tags(rng, code, tags),
        covid_affected=rng.choices([True, False, None], [45, 45, 10])[0],
        contact=f"测试联系人{number}",
        phone=f"1990000{index % 10000:04d}",
        consent=f"测试授权{number}" if consented else None,
        consent_until=rng.choice([date(2023, 6, 30), date(2023, 12, 31)]) if consented else None,
    )


def _entity_kind(rng: Random, code: str) -> str:
    draw = rng.random()
    if code.startswith("A") and draw < 0.4:
        return "cooperative"
    return "individual" if code in _FOR_INDIVIDUALS and draw < 0.6 else "enterprise"


def _tags(rng: Random, code: str, given: tuple[str, ...]) -> tuple[str, ...]:
    tags = [tag for tag in given if rng.random() < 0.8]
    if code.startswith("C") and rng.random() < 0.25:
        tags.append("equipment")
    if code[0] in "CIM" and rng.random() < 0.1:
        tags.append("specialised")
    if "tech" in tags and rng.random() < 0.3:
        tags.append("high_tech")
    return tuple(tags)


def _metrics(rng: Random, code: str, size: Literal["micro", "small", "medium", "large"]) -> tuple[int, int, int]:
    """Staff, revenue and assets (万元) that the standard puts into `size`."""
    row = standard_for(code)
    if row is None:
        raise ValueError(f"示例行业代码无效：{code}")
    lower = row.small if size == "micro" else getattr(row, size)
    above = {"micro": row.small, "small": row.medium, "medium": row.large, "large": Bounds()}[size]
    values = []
    for name, usual in _WAN.items():
        least: Decimal | None = getattr(lower, name)
        limit: Decimal | None = getattr(above, name)
        low, high = usual
        if size == "micro" and limit is not None:
            low, high = max(1, int(limit) // 10), int(limit) - 1
        elif least is not None:
            low, high = int(least), min(int(least) * 4, int(limit or least * 4) - 1)
        values.append(rng.randint(low, max(low, high)))
    return values[0], values[1], values[2]


def _uscc(prefix: str, index: int) -> str:
    """A code with both check digits right. The organisation part starts with TE, which registries do not issue."""
    body = f"TE{index:06d}"
    total = sum(int(char, 36) * weight for char, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    check = {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))
    front = f"{prefix}{DISTRICT}{body}{check}"
    return front + calc_check_digit(front)
