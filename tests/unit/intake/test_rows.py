"""Rows: each bad field is refused by its own code, and no garbage raises."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn.uscc import calc_check_digit

from deploy.sample.make_sample import COLUMNS as SAMPLE_COLUMNS
from deploy.stack.stack import ROOT
from services.intake.columns import COLUMNS, understand
from services.intake.fields import clean
from services.intake.filing import Filing
from services.intake.identity import BadValue, Keys, canonical_uscc, enterprise_id, private_digest
from services.intake.rows import parse_row
from tests.unit.intake.samples import row
from yuqiao.contracts.values import Reason
from yuqiao.runtime.messages import Refused

PLACES, _ = understand(SAMPLE_COLUMNS)
GOOD = row(1)["统一社会信用代码"]


def parse(**change: str) -> Filing | dict[str, str]:
    """The filing, or each refused field with its code."""
    found = parse_row(list(row(1, **change).values()), PLACES)
    return found if isinstance(found, Filing) else {r.values["field"]: r.code for r in found}


def _reasons(**change: str) -> list[Reason]:
    found = parse_row(list(row(1, **change).values()), PLACES)
    return [] if isinstance(found, Filing) else found


def test_the_templates_headers_are_all_understood() -> None:
    assert [c.header for c in PLACES if c] == list(SAMPLE_COLUMNS) == [c.header for c in COLUMNS]


def test_the_documentation_names_every_column_and_those_that_must_be_there() -> None:
    said = "".join((ROOT / "docs" / "operations.md").read_text(encoding="utf-8").split())
    assert "、".join(rf"\*{c.header}" if c.required else c.header for c in COLUMNS) in said


def test_a_good_row_is_a_filing_in_yuan() -> None:
    filing = parse(
        **{"期望利率(%)": "4.5", "用款日": "2023/1/5", "担保方式": "信用、抵押", "意向银行": "BANK01，bank02"}
    )
    assert isinstance(filing, Filing)
    assert (filing.statement.amount_cny, filing.statement.max_annual_rate) == (Decimal("2000000.00"), Decimal("0.045"))
    assert filing.statement.needed_by == date(2023, 1, 5)
    assert filing.statement.guarantee_modes == ("credit", "mortgage")
    assert filing.banks == ("bank01", "bank02")
    assert filing.consent
    assert (filing.consent.banks, filing.consent.expires_on) == (("*",), date(2023, 6, 30))


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("企业名称", "", "required"),
        ("企业名称", "1", "name_invalid"),
        ("企业名称", "\u200b\u202e", "required"),
        ("统一社会信用代码", "", "required"),
        ("统一社会信用代码", "9.15001E+17", "uscc_number"),
        ("统一社会信用代码", "500112000012345", "uscc_legacy"),
        ("统一社会信用代码", GOOD[:-1], "uscc_length"),
        ("统一社会信用代码", GOOD[:10] + "O" + GOOD[11:], "uscc_characters"),
        ("统一社会信用代码", GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), "uscc_check_digit"),
        ("融资类型", "彩票", "need_kind_unknown"),
        ("金额(万元)", "", "required"),
        ("金额(万元)", "0", "amount_not_positive"),
        ("金额(万元)", "-5", "number_invalid"),
        ("金额(万元)", "1e6", "number_invalid"),
        ("金额(万元)", "¥100", "number_invalid"),
        ("金额(万元)", "10,00", "number_invalid"),
        ("金额(万元)", "0.0000001", "number_invalid"),
        ("金额(万元)", "1000000", "amount_too_large"),
        ("营业收入(万元)", "100000000000", "amount_too_large"),
        ("资产总额(万元)", "10000000000.01", "amount_too_large"),
        ("期限(月)", "0", "term_invalid"),
        ("期限(月)", "1000000000", "term_invalid"),
        ("期限(月)", "1.5", "term_invalid"),
        ("期限(月)", "一年", "number_invalid"),
        ("期望利率(%)", "0.045", "rate_invalid"),
        ("期望利率(%)", "400", "rate_invalid"),
        ("行业代码", "3670", "industry_unknown"),
        ("行业代码", "C99", "industry_unknown"),
        ("行业代码", "C" * 500, "industry_unknown"),
        ("从业人员", "-1", "number_invalid"),
        ("从业人员", "1.5", "number_invalid"),
        ("营业收入(万元)", "很多", "number_invalid"),
        ("镇街/园区", "月球", "region_unknown"),
        ("重点领域", "科技型、魔法", "tag_unknown"),
        ("担保方式", "赌咒", "guarantee_mode_unknown"),
        ("是否首贷", "也许", "yes_no_invalid"),
        ("意向银行", "某某银行", "bank_code_invalid"),
        ("用款日", "2026-02-29", "date_invalid"),
        ("用款日", "44927", "date_invalid"),
        ("用款日", "1672531200000", "date_invalid"),
        ("用款日", "3023-01-01", "date_invalid"),
        ("联系人", "", "required"),
        ("电话", "12345", "phone_invalid"),
        ("电话", "199000000001", "phone_invalid"),
        ("授权有效期至", "", "consent_incomplete"),
        ("授权范围", "", "consent_incomplete"),
        ("授权书编号", "", "consent_incomplete"),
        ("需求编号", "a" * 65, "number_of_row_invalid"),
        ("来源渠道", "占卜", "channel_unknown"),
        ("主体类型", "外星人", "entity_kind_unknown"),
    ],
)
def test_a_bad_field_is_refused_by_its_code(field: str, value: str, code: str) -> None:
    assert parse(**{field: value}) == {field: code}


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (
            "担保方式",
            "信用、赌咒",
            "“担保方式”的值“信用、赌咒”有误：其中“赌咒”须为以下之一：信用、抵押、质押、保证、组合",
        ),
        ("主体类型", "外" * 50, f"“主体类型”的值“{'外' * 39}…”有误：须为以下之一：企业、个体工商户、农民专业合作社"),
        ("期望利率(%)", "400", "“期望利率(%)”的值“400”有误：须为 0.5 至 36 的百分数，如 4.5 表示 4.5%（不是 0.045）"),
        ("联系人", "1", "“联系人”有误：须为 2 至 100 字的名称"),
        ("电话", "", "“电话”必填"),
    ],
)
def test_a_refusal_names_the_templates_column_the_value_and_all_that_would_be_right(
    field: str, value: str, text: str
) -> None:
    (reason,) = _reasons(**{field: value})
    assert reason.text == text


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("A34", "应为 C34（通用设备制造业）"),
        ("C3498", "C3491（工业机器人制造）"),
        ("3670", "须为门类字母 A 至 T，或字母加 2 至 4 位数字"),
    ],
)
def test_an_unknown_industry_is_refused_with_what_would_be_right(value: str, right: str) -> None:
    (reason,) = _reasons(行业代码=value)
    assert (reason.values["value"], right in reason.text) == (value, True), reason.text


def test_a_section_alone_is_an_industry_from_which_no_size_follows() -> None:
    filing = parse(行业代码="c", 从业人员="300")
    assert isinstance(filing, Filing)
    assert (filing.statement.industry, filing.statement.facts(date(2022, 12, 28)).size_class) == ("C", "undetermined")


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("金额(万元)", "１００", Decimal("1000000.00")),
        ("金额(万元)", "1,000.50", Decimal("10005000.00")),
        ("金额(万元)", "200万元", Decimal("2000000.00")),
        ("期限(月)", "12个月", 12),
        ("期望利率(%)", "3.85%", Decimal("0.0385")),
        ("用款日", "2023年1月5日", date(2023, 1, 5)),
        ("用款日", "20230105", date(2023, 1, 5)),
    ],
)
def test_ways_of_writing_are_read(field: str, value: str, read: object) -> None:
    filing = parse(**{field: value})
    assert isinstance(filing, Filing)
    assert read in filing.statement.model_dump().values()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("023-6780 0000", "02367800000"),
        ("+86 199-0000-0001", "19900000001"),
        ("8619900000001", "19900000001"),
        ("02367800000-12", "02367800000-12"),
        ("19900000001.0", "19900000001"),
    ],
)
def test_telephone_numbers_are_kept_in_one_form(text: str, kept: str) -> None:
    filing = parse(电话=text)
    assert isinstance(filing, Filing)
    assert filing.private.contact_phone == kept


def test_every_bad_field_of_a_row_is_named_at_once() -> None:
    assert set(parse(融资类型="x", 电话="x", 企业名称="")) == {"融资类型", "电话", "企业名称"}


def test_no_letter_is_no_consent_and_not_an_error() -> None:
    filing = parse(授权书编号="", 授权范围="", 授权有效期至="")
    assert isinstance(filing, Filing)
    assert filing.consent is None


def test_a_blank_in_a_merged_area_is_explained() -> None:
    found = parse_row(list(row(1, 企业名称="").values()), PLACES, merged=True)
    assert isinstance(found, list)
    assert "取消合并" in found[0].text


def test_reasons_do_not_repeat_what_identifies_somebody() -> None:
    found = parse_row(list(row(1, 统一社会信用代码=GOOD[:-1], 电话="1990000123").values()), PLACES)
    assert isinstance(found, list)
    assert GOOD[:-1] not in str(found)
    assert "1990000123" not in str(found)


@pytest.mark.parametrize("code", ["9144030071526726XG", "91350100M000100Y43"])
def test_codes_of_the_standard_are_accepted_in_any_spelling(code: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code.lower())
    assert canonical_uscc(f" {wide}\u200b ") == canonical_uscc(f"{code[:9]} {code[9:]}") == code


def test_the_inner_check_digit_counts_too() -> None:
    front = GOOD[:16] + ("1" if GOOD[16] != "1" else "2")
    with pytest.raises(BadValue) as refused:
        canonical_uscc(front + calc_check_digit(front))
    assert refused.value.code == "uscc_organisation_check_digit"


def test_an_enterprises_id_depends_on_the_secret_and_shows_nothing() -> None:
    one, other = Keys.of("a" * 16), Keys.of("b" * 16)
    assert enterprise_id(one, GOOD) == enterprise_id(one, GOOD) != enterprise_id(other, GOOD)
    assert private_digest(one, "a", "b") != private_digest(one, "ab")
    with pytest.raises(ValueError, match="16"):
        Keys.of("short")


def test_missing_and_doubled_columns_are_named() -> None:
    with pytest.raises(Refused) as missing:
        understand([h for h in SAMPLE_COLUMNS if h != "电话"])
    assert (missing.value.code, missing.value.reasons[0].values) == ("columns_missing", {"field": "电话"})
    with pytest.raises(Refused) as doubled:
        understand([*SAMPLE_COLUMNS, "联系电话"])
    assert doubled.value.code == "columns_duplicate"


def test_headers_may_be_spelt_otherwise_and_strange_ones_are_mentioned() -> None:
    header = ["＊企业名称", "统一社会信用代码 ", "融资类型", "融资金额（万元）", "联系人", "联系电话", "星座"]
    places, ignored = understand(header)
    assert [c.field if c else None for c in places][3:] == ["amount_cny", "contact_name", "contact_phone", None]
    assert [r.values["field"] for r in ignored] == ["星座"]


def test_a_strange_header_is_repeated_without_what_is_invisible() -> None:
    _, (ignored,) = understand([*SAMPLE_COLUMNS, "星\x1b[31m\u202e座"])
    assert ignored.text == "列“星\\u001b[31m\\u202e座”不在模板中，已忽略"
    assert ignored.values == {"field": "星\\u001b[31m\\u202e座"}


@given(st.lists(st.text(max_size=40), min_size=29, max_size=29))
@settings(max_examples=300, deadline=None)
def test_no_garbage_raises(cells: list[str]) -> None:
    parse_row(cells, PLACES)


@given(st.sampled_from(SAMPLE_COLUMNS), st.text(alphabet="0123456789.,-+eE%万元年月日/:、① ٣²½१", max_size=24))
@settings(max_examples=1500, deadline=None)
def test_no_garbage_in_one_cell_raises(column: str, cell: str) -> None:
    parse_row(list(row(1, **{column: cell}).values()), PLACES)


@given(st.text())
def test_clean_text_can_be_stored_and_shown(text: str) -> None:
    assert clean(text).isprintable()
    assert clean(clean(text)) == clean(text)
