"""One value at a time: text as people write it becomes the value it stands for, or a BadValue that says what is wrong."""

import re
import unicodedata
from datetime import date
from decimal import Decimal

from services.intake.filing import ANY_BANK
from services.intake.identity import BadValue
from yuqiao.contracts.problems import shown
from yuqiao.policy import industries
from yuqiao.policy.states import code_of, known_codes, term

WAN = Decimal(10000)
MOST_WAN = Decimal(100000)
MOST_FIGURE_WAN = Decimal(10_000_000_000)
"""10 亿元: more than any single need of a district's list, less than most yuan that were written into a 万元 column."""

_SPLIT = re.compile(r"[、，,;；/|\s]+")
_NUMBER = re.compile(r"^\d{1,12}(\.\d{1,8})?$", re.ASCII)
_GROUPED = re.compile(r"^\d{1,3}(,\d{3})+(\.\d+)?$", re.ASCII)
_DATE = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$|^(\d{4})(\d{2})(\d{2})$", re.ASCII)
_PHONE = re.compile(r"^(\+?86)?1\d{10}$|^0\d{2,3}\d{7,8}(-\d{1,6})?$", re.ASCII)
_BANK = re.compile(r"^[a-z0-9]{2,20}$")
_NUMBERING = re.compile(r"^[\w.()（）#-]{1,64}$")
_NAME_LIMIT = 100
_CODE_LIMIT = 40
"""More than any code of a list has: what is longer is wrong, and need not be repeated whole."""


def clean(text: str, limit: int = 500) -> str:
    """Text without control, direction and zero-width characters, blanks folded, NFC, at most `limit` characters."""
    if not text.isprintable():
        text = "".join(
            c if unicodedata.category(c) not in ("Cf", "Cc", "Cs", "Cn", "Co") else " " * c.isspace() for c in text
        )
    return unicodedata.normalize("NFC", " ".join(text.split()))[:limit]


def plain(text: str) -> str:
    """Text for comparison: NFKC, so that full-width digits and letters are what they look like; no blanks at the ends."""
    return unicodedata.normalize("NFKC", text).strip()


def name(text: str) -> str:
    """A name of a firm or person: 2 to 100 characters, at least one of them a letter."""
    if not 2 <= len(text) <= _NAME_LIMIT or not any(c.isalpha() for c in text):
        raise BadValue("name_invalid", f"须为 2 至 {_NAME_LIMIT} 字的名称")
    return text


def phone(text: str) -> str:
    """A Chinese mobile or land-line number, digits only (and an extension)."""
    number = re.sub(r"[\s()]|(?<!\d{7})-", "", plain(text).removesuffix(".0"))
    if not _PHONE.match(number):
        raise BadValue("phone_invalid", "须为 11 位手机号，或带区号的固定电话，如 023-67800000")
    return number.removeprefix("+").removeprefix("86") if len(number) >= 13 and "-" not in number else number


def number(text: str, unit: str) -> Decimal:
    """A plain decimal; groups of three (1,000,000.00) are read, signs, exponents and currency marks are not."""
    digits = plain(text).removesuffix(unit).strip() if unit else plain(text)
    if _GROUPED.match(digits):
        digits = digits.replace(",", "")
    if not _NUMBER.match(digits):
        raise BadValue("number_invalid", f"须为不带符号的数字{f'（{unit}）' if unit else ''}，如 200 或 200.5")
    return Decimal(digits)


def amount_wan(text: str) -> Decimal:
    """万元 as yuan (元) with two decimals; more than 0, at most 10 亿元."""
    wan = number(plain(text).removesuffix("元"), "万")
    if wan == 0:
        raise BadValue("amount_not_positive", "金额须大于 0；如果该单元格是公式，请先“选择性粘贴”为数值")
    if wan > MOST_WAN:
        raise BadValue("amount_too_large", f"单位是万元，不得超过 {MOST_WAN} 万元；是否误填为元？")
    return _yuan(wan)


def money_wan(text: str) -> Decimal:
    """A yearly figure in 万元 as yuan; 0 is allowed, more than `Money` holds is not."""
    wan = number(plain(text).removesuffix("元"), "万")
    if wan > MOST_FIGURE_WAN:
        raise BadValue("amount_too_large", f"单位是万元，不得超过 {MOST_FIGURE_WAN} 万元；是否误填为元？")
    return _yuan(wan)


def _yuan(wan: Decimal) -> Decimal:
    yuan = wan * WAN
    if yuan != round(yuan, 2):
        raise BadValue("number_invalid", "换算成元后最多两位小数")
    return yuan.quantize(Decimal("0.01"))


def count(text: str) -> int:
    """A whole number from 0 to ten million."""
    value = number(text, "人")
    if value != int(value) or value > 10_000_000:
        raise BadValue("number_invalid", "须为整数，如 35")
    return int(value)


def months(text: str) -> int:
    """A term in months, 1 to 600."""
    value = number(plain(text).removesuffix("月").removesuffix("个"), "")
    if value != int(value) or not 1 <= value <= 600:
        raise BadValue("term_invalid", "期限须为 1 至 600 的整数（月）")
    return int(value)


def rate_percent(text: str) -> Decimal:
    """A yearly rate in per cent as a fraction: 4.5 is 0.045."""
    percent = number(plain(text), "%")
    if not Decimal("0.5") <= percent <= 36:
        raise BadValue("rate_invalid", "须为 0.5 至 36 的百分数，如 4.5 表示 4.5%（不是 0.045）")
    return percent / 100


def day(text: str) -> date:
    """A date of this century, as 2023-06-30, 2023/6/30, 2023年6月30日 or 20230630."""
    found = _DATE.match(plain(text).split(" ")[0].split("T")[0])
    try:
        parts = [int(g) for g in found.groups() if g] if found else []
        value = date(*parts) if parts else None
    except ValueError:
        value = None
    if value is None or not 2000 <= value.year < 2100:
        raise BadValue("date_invalid", "须为存在的日期，如 2023-06-30")
    return value


def yes_no(text: str) -> bool:
    """是 or 否."""
    found = {"是": True, "否": False, "y": True, "n": False}.get(plain(text).lower())
    if found is None:
        raise BadValue("yes_no_invalid", "须为“是”或“否”，不清楚就留空")
    return found


def coded(kind: str, text: str) -> str:
    """The code of a term of a closed list (or the code itself)."""
    wanted = plain(text)
    found = code_of(kind, text) or code_of(kind, wanted) or (wanted if wanted in known_codes(kind) else None)
    if found is None:
        terms = "、".join(term(kind, code) for code in known_codes(kind))
        raise BadValue(f"{kind}_unknown", f"须为以下之一：{terms}")
    return found


def coded_list(kind: str, text: str) -> tuple[str, ...]:
    """Several codes of a closed list, separated by 、 or the like; each once, in the order given."""
    found: dict[str, None] = {}
    for part in filter(None, _SPLIT.split(text)):
        try:
            found[coded(kind, part)] = None
        except BadValue as bad:
            raise BadValue(bad.code, f"其中“{shown(part)}”{bad.text}") from None
    return tuple(found)


def industry(text: str) -> str:
    """A code of GB/T 4754-2017 of any level. What would be right where it has none is the policy's word."""
    try:
        return industries.industry(plain(text).upper()[:_CODE_LIMIT]).code
    except ValueError as unknown:
        raise BadValue("industry_unknown", str(unknown)) from None


def banks(text: str) -> tuple[str, ...]:
    """Codes of banks as this system has registered them."""
    found = tuple(dict.fromkeys(part for part in _SPLIT.split(plain(text).lower()) if part))
    if not all(_BANK.match(bank) for bank in found):
        raise BadValue("bank_code_invalid", "须为本系统登记的银行代码（小写字母和数字），如 bank01，多个用“、”分隔")
    return found


def scope(text: str) -> tuple[str, ...]:
    """授权范围: 全部银行 is `*`, otherwise codes of banks."""
    return (ANY_BANK,) if plain(text) in ("全部银行", "全部", "所有银行", ANY_BANK) else banks(text)


def numbering(text: str) -> str:
    """A row's own number: up to 64 letters, digits and - . _ # ( )."""
    if not _NUMBERING.match(text):
        raise BadValue("number_of_row_invalid", "需求编号最多 64 个字母、数字或 - . _ # ( )")
    return text.removesuffix(".0")


def words(text: str) -> str:
    """Free text."""
    return text
