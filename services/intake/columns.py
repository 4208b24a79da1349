"""The columns of a need list (重点领域融资需求清单): header, field, parser, whether a row must have it; other spellings."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.intake import fields
from services.intake.identity import canonical_uscc
from yuqiao.contracts.problems import shown
from yuqiao.contracts.values import Reason
from yuqiao.runtime.messages import Refused


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `parse` turns a cell that is not blank into the field's value or raises BadValue."""

    header: str
    field: str
    parse: Callable[[str], Any]
    required: bool = False
    aliases: tuple[str, ...] = ()
    secret: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("需求编号", "number", fields.numbering, aliases=("编号", "申请编号")),
    Column("来源渠道", "channel", partial(fields.coded, "channel"), aliases=("渠道",)),
    Column("报送单位", "reporter", fields.words, aliases=("推荐单位",)),
    Column("企业名称", "enterprise_name", fields.name, True, ("单位名称", "企业全称", "市场主体名称"), secret=True),
    Column("统一社会信用代码", "uscc", canonical_uscc, True, ("社会信用代码", "信用代码"), secret=True),
    Column("主体类型", "entity_kind", partial(fields.coded, "entity_kind"), aliases=("企业类型",)),
    Column("行业代码", "industry", fields.industry, aliases=("国民经济行业代码",)),
    Column("从业人员", "staff", fields.count, aliases=("从业人员(人)", "从业人数")),
    Column("营业收入(万元)", "revenue_cny", fields.money_wan),
    Column("资产总额(万元)", "assets_cny", fields.money_wan, aliases=("总资产(万元)",)),
    Column("镇街/园区", "region", partial(fields.coded, "region"), aliases=("镇街", "所属镇街")),
    Column("重点领域", "tags", partial(fields.coded_list, "tag"), aliases=("重点领域标签",)),
    Column("融资类型", "kind", partial(fields.coded, "need_kind"), True, ("需求类型",)),
    Column(
        "金额(万元)", "amount_cny", fields.amount_wan, True, ("融资金额(万元)", "期望融资金额(万元)", "需求金额(万元)")
    ),
    Column("期限(月)", "term_months", fields.months, aliases=("融资期限(月)",)),
    Column("用途", "purpose", fields.words, aliases=("融资用途", "贷款用途")),
    Column("期望利率(%)", "max_annual_rate", fields.rate_percent),
    Column("担保方式", "guarantee_modes", partial(fields.coded_list, "guarantee_mode")),
    Column("存量贷款银行", "lender", fields.words),
    Column("是否首贷", "first_loan", fields.yes_no),
    Column("意向银行", "banks", fields.banks),
    Column("是否受疫情影响", "covid_affected", fields.yes_no),
    Column("用款日", "needed_by", fields.day, aliases=("用款日期",)),
    Column("联系人", "contact_name", fields.name, True, ("联系人姓名",), secret=True),
    Column("电话", "contact_phone", fields.phone, True, ("联系电话", "手机", "手机号", "手机号码"), secret=True),
    Column("授权书编号", "letter", fields.words),
    Column("授权范围", "consent_banks", fields.scope),
    Column("授权有效期至", "consent_until", fields.day, aliases=("授权到期日",)),
    Column("备注", "remark", fields.words),
)


def canonical_header(text: str) -> str:
    """A header as it is compared: NFKC (full-width brackets become plain ones), no blanks, no mark of being required."""
    return "".join(unicodedata.normalize("NFKC", text).split()).strip("*:")


_BY_HEADER = {canonical_header(spelling): c for c in COLUMNS for spelling in (c.header, *c.aliases)}


def column_of(header: str) -> Column | None:
    """The column that a header names, in any known spelling."""
    return _BY_HEADER.get(canonical_header(header))


def is_header_row(cells: Sequence[str]) -> bool:
    """Whether a row is the header: it names at least three of the required columns."""
    return sum(column is not None and column.required for column in map(column_of, cells)) >= 3


def understand(header: Sequence[str]) -> tuple[list[Column | None], list[Reason]]:
    """The column at each place (None: not ours), and a remark for each header that is ignored.

    Raises Refused (422): `columns_missing` or `columns_duplicate`, with one reason for each.
    """
    places = [column_of(text) if text else None for text in header]
    found = [c.field for c in places if c]
    missing = [c for c in COLUMNS if c.required and c.field not in found]
    if missing:
        reasons = [
            Reason(code="column_missing", values={"field": c.header}, text=f"缺少必填列“{c.header}”") for c in missing
        ]
        raise Refused("columns_missing", "清单缺少必填列：" + "、".join(c.header for c in missing), 422, tuple(reasons))
    twice = [c for c in COLUMNS if found.count(c.field) > 1]
    if twice:
        reasons = [
            Reason(code="column_duplicate", values={"field": c.header}, text=f"“{c.header}”列重复") for c in twice
        ]
        raise Refused("columns_duplicate", "清单有重复的列：" + "、".join(c.header for c in twice), 422, tuple(reasons))
    ignored = [
        Reason(code="column_ignored", values={"field": shown(text)}, text=f"列“{shown(text)}”不在模板中，已忽略")
        for text, column in zip(header, places, strict=True)
        if text and column is None
    ]
    return places, ignored
