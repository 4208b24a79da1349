"""Writes a need list (重点领域融资需求清单) of any size.

`python -m deploy.sample.make_sample --needs N --seed S --out FILE`. Every row is a function of (seed, row number).
Several values in one cell are joined with 、. A 授权范围 of 全部银行 covers every bank that the need is offered
to, and 存量贷款银行.
About 1 % of the rows are a second, different need of an earlier row's enterprise.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import xlsxwriter

from deploy.sample.enterprises import Enterprise, enterprise
from yuqiao.policy.states import term

SHEET = "重点领域融资需求清单"
# fmt: off
COLUMNS = (
    "需求编号", "来源渠道", "报送单位", "企业名称", "统一社会信用代码", "主体类型", "行业代码", "从业人员",
    "营业收入(万元)", "资产总额(万元)", "镇街/园区", "重点领域", "融资类型", "金额(万元)", "期限(月)", "用途",
    "期望利率(%)", "担保方式", "存量贷款银行", "是否首贷", "意向银行", "是否受疫情影响", "用款日", "联系人", "电话",
    "授权书编号", "授权范围", "授权有效期至", "备注",
)
# fmt: on
_ISSUED = datetime(2022, 12, 28, tzinfo=UTC)
_SECOND_NEED_EVERY, _SECOND_NEED_BACK = 100, 37
_CHANNELS = {
    "department_list": 45,
    "park_list": 20,
    "visit": 14,
    "scan": 8,
    "harbour": 6,
    "first_loan_centre": 5,
    "bank_referral": 2,
}
_KINDS = {"new_loan": 60, "renewal": 22, "extension": 8, "bridge": 4, "guarantee": 3, "bill": 3}
_PURPOSES = {
    "new_loan": ("补充流动资金", "采购原材料", "购置设备", "支付货款", "扩大经营"),
    "renewal": ("续贷周转",),
    "extension": ("到期贷款延期还本付息",),
    "bridge": ("转贷应急周转",),
    "guarantee": ("贷款担保",),
    "bill": ("票据贴现", "开立银行承兑汇票"),
    "bond": ("发行债券",),
    "cross_border": ("跨境人民币结算", "境外借款"),
    "export_insurance": ("出口信用保险投保",),
}
_MODES = {"credit": 33, "mortgage": 35, "pledge": 7, "guarantee": 18, "mixed": 7}
_SIZE_FACTOR = {"micro": 0.6, "small": 1.0, "medium": 2.2, "large": 5.0}
_REPORTERS = ("区经济信息委", "区科技局", "区商务委", "区农业农村委", "区交通局")


def rows(needs: int, seed: int) -> Iterator[dict[str, object]]:
    """The list's rows, keyed by COLUMNS: text, numbers (万元, %, months), dates; None where the cell stays blank."""
    for index in range(needs):
        yield _row(seed, index)


def write_list(path: Path, needs: int, seed: int) -> None:
    """Writes the list as .xlsx, byte for byte the same for the same arguments. Raises OSError when it cannot."""
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"title": f"{SHEET}（测试数据）", "created": _ISSUED})
        sheet = book.add_worksheet(SHEET)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(COLUMNS) - 1, 14)
        for number, row in enumerate(rows(needs, seed), start=1):
            for column, value in enumerate(row.values()):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)
                elif isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif isinstance(value, int | float):
                    sheet.write_number(number, column, value)


def _row(seed: int, index: int) -> dict[str, object]:
    rng = Random(f"{seed}/need/{index}")
    is_second = index % _SECOND_NEED_EVERY == _SECOND_NEED_EVERY - 1
    owner = enterprise(seed, index - _SECOND_NEED_BACK if is_second else index)
    kind = _kind(Random(f"{seed}/need/{index - _SECOND_NEED_BACK}"), owner) if is_second else None
    kind = _kind(rng, owner, other_than=kind)
    first = kind == "new_loan" and rng.random() < 0.325
    channel = _pick(rng, _CHANNELS)
    values = (
        f"YB2022-{index + 1:06d}",
        term("channel", channel),
        _reporter(rng, channel, owner),
        owner.name,
        owner.uscc,
        term("entity_kind", owner.entity_kind),
        owner.industry,
        owner.staff,
        owner.revenue_wan,
        owner.assets_wan,
        term("region", owner.region),
        "、".join(term("tag", tag) for tag in owner.tags) or None,
        term("need_kind", kind),
        _amount_wan(rng, owner),
        6 if kind in ("bill", "bridge", "extension") else rng.choices([6, 12, 24, 36], [8, 62, 12, 18])[0],
        rng.choice(_PURPOSES[kind]),
        rng.randrange(400, 600, 5) / 100 if rng.random() < 0.6 else None,
        term("guarantee_mode", _pick(rng, _MODES)),
        None if first else f"测试银行{rng.randint(1, 20):02d}",
        "是" if first else "否",
        f"bank{rng.randint(1, 3):02d}" if rng.random() < 0.08 else None,
        {True: "是", False: "否", None: None}[owner.covid_affected],
        date(2023, 1, 3) + timedelta(days=rng.randrange(120)),
        owner.contact,
        owner.phone,
        owner.consent,
        "全部银行" if owner.consent else None,
        owner.consent_until,
        "测试数据",
    )
    return dict(zip(COLUMNS, values, strict=True))


def _kind(rng: Random, owner: Enterprise, other_than: str | None = None) -> str:
    weights = dict(_KINDS)
    if "export" in owner.tags:
        weights |= {"cross_border": 10, "export_insurance": 10}
    if owner.size in ("medium", "large"):
        weights |= {"bond": 4}
    weights.pop(other_than or "", None)
    return _pick(rng, weights)


def _reporter(rng: Random, channel: str, owner: Enterprise) -> str:
    if channel == "department_list":
        return rng.choice(_REPORTERS)
    return {"park_list": "测试园区国有公司", "bank_referral": "测试银行01"}.get(channel, term("region", owner.region))


def _amount_wan(rng: Random, owner: Enterprise) -> int:
    """Log-normal around a mean of 216万元, larger for larger firms; rounded as people state it."""
    drawn = rng.lognormvariate(4.85, 1.0) * _SIZE_FACTOR[owner.size]
    capped = min(drawn, 300.0 if owner.entity_kind == "individual" else 5000.0)
    step = 5 if capped < 100 else 10
    return max(5, round(capped / step) * step)


def _pick(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def main() -> None:
    """The command line; says on stderr what it wrote."""
    parser = argparse.ArgumentParser(description="生成测试用的融资需求清单")
    parser.add_argument("--needs", type=int, default=1662)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "need-list.xlsx")
    options = parser.parse_args()
    write_list(options.out, options.needs, options.seed)
    print(f"{options.needs} 条需求写入 {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
