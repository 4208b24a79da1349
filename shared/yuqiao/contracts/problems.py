"""What is wrong with a body, for people (Chinese) and programs (stable codes): field, value, and what would be right."""

import json
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from yuqiao.contracts.values import WRITTEN, Reason

MOST_BYTES = 4 * 1024 * 1024
MOST_PARTS = 100_000
"""More values than any body has; reading that many takes a tenth of a second."""
MOST_REASONS = 20
MOST_SHOWN = 40
_DECIMAL = re.compile(r"Decimal\('(.+)'\)")
_LITERAL = re.compile(r"'([^']*)'")
_NOT_A_FIELD = ("function-", "constrained-", "literal[")
"""Where pydantic names the branch of a union that it tried, not a field."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


class NotJson(ValueError):
    """Bytes that are not acceptable JSON; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        """Carries its reason."""
        super().__init__(reason.text)
        self.reason = reason


def _refuse(code: str, text: str) -> NoReturn:
    raise NotJson(Reason(code=code, values={"field": "body"}, text=text))


def loads_strict(body: bytes, most: int = MOST_BYTES) -> object:
    """Parse JSON. Raises NotJson for bad UTF-8, a BOM, duplicate keys, NaN and the like, U+0000, depth, size."""
    text = _text(body, most)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
        if "\\u" in text:  # the only way in for half a surrogate
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        _refuse("too_deep", "内容嵌套过深")
    except NotJson:
        raise
    except UnicodeEncodeError:
        _refuse("lone_surrogate", "内容含有不成对的代理字符")
    except json.JSONDecodeError as error:
        _refuse("not_json", f"内容不是合法的 JSON：错在第 {error.lineno} 行第 {error.colno} 列")
    except ValueError:  # a number of thousands of digits
        _refuse("not_json", "内容不是合法的 JSON")
    return value


def _text(body: bytes, most: int) -> str:
    if len(body) > most:
        _refuse("too_large", f"内容超过 {most} 字节")
    if body.count(b",") > MOST_PARTS:
        _refuse("too_large", f"内容超过 {MOST_PARTS} 个值")
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        _refuse("has_bom", "内容须为不带 BOM 的 UTF-8")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("not_utf8", "内容不是 UTF-8 编码")
    if "\\u0000" in text or "\x00" in text:
        _refuse("has_nul", "内容含有空字符 U+0000")
    return text


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("duplicate_key", "JSON 对象中有重复的键")
    return found


def _constant(name: str) -> NoReturn:
    _refuse("not_a_number", f"{name} 不是合法的 JSON 数值")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _refuse("not_a_number", "数值超出范围")
    return value


def visible(text: str) -> str:
    """A stranger's text with nothing invisible in it."""
    return _UNSEEN.sub(lambda m: f"\\u{ord(m.group()):04x}", text)


def shown(value: object) -> str:
    """A value as it may be repeated to its sender: short, with nothing invisible in it."""
    text = value if isinstance(value, str) else repr(value)
    text = visible(text[: MOST_SHOWN * 2])
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def _plain(bound: object) -> str:
    """A bound as people write it: pydantic says Decimal('1E+14')."""
    number = _DECIMAL.fullmatch(str(bound))
    return f"{Decimal(number.group(1)):f}" if number else str(bound)


def _listed(expected: str) -> str:
    """The values of a literal as people list them: pydantic says 'CNY' or 'USD'."""
    return "、".join(_LITERAL.findall(expected)) or expected


Rule = tuple[str, Callable[[dict[str, Any]], str]]
_DAY = '须为日期，如 "2023-06-30"'
_MOMENT = '须为带时区的时间，如 "2023-01-05T10:00:00+08:00"'
_RULES: dict[str, Rule] = {
    "missing": ("field_missing", lambda _: "此项必填"),
    "extra_forbidden": ("field_unknown", lambda _: "没有这一项，请检查拼写"),
    "string_type": ("wrong_type", lambda _: "须为字符串"),
    "string_unicode": ("lone_surrogate", lambda _: "须为完整的 Unicode 文字"),
    "int_type": ("wrong_type", lambda _: "须为整数"),
    "int_from_float": ("wrong_type", lambda _: "须为整数"),
    "int_parsing": ("not_a_number", lambda _: "须为整数"),
    "int_parsing_size": ("not_a_number", lambda _: "须为整数"),
    **dict.fromkeys(
        ("decimal_type", "decimal_parsing", "finite_number"),
        ("not_a_number", lambda _: "须为十进制数，不用逗号、百分号或单位"),
    ),
    "bool_type": ("wrong_type", lambda _: "须为 true 或 false"),
    "bool_parsing": ("wrong_type", lambda _: "须为 true 或 false"),
    "tuple_type": ("wrong_type", lambda _: "须为数组"),
    "model_type": ("wrong_type", lambda _: "须为对象"),
    "dict_type": ("wrong_type", lambda _: "须为对象"),
    "string_pattern_mismatch": ("wrong_format", lambda c: WRITTEN.get(c["pattern"], "格式有误，请对照说明")),
    "string_too_long": ("too_long", lambda c: f"最多 {c['max_length']} 个字符"),
    "string_too_short": ("too_short", lambda c: f"至少 {c['min_length']} 个字符"),
    "too_long": ("too_long", lambda c: f"最多 {c['max_length']} 项"),
    "too_short": ("too_short", lambda c: f"至少 {c['min_length']} 项"),
    "greater_than_equal": ("out_of_range", lambda c: f"不得小于 {_plain(c['ge'])}"),
    "greater_than": ("out_of_range", lambda c: f"须大于 {_plain(c['gt'])}"),
    "less_than_equal": ("out_of_range", lambda c: f"不得大于 {_plain(c['le'])}"),
    "less_than": ("out_of_range", lambda c: f"须小于 {_plain(c['lt'])}"),
    "literal_error": ("not_allowed", lambda c: f"可用的值：{_listed(c['expected'])}"),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        ("wrong_format", lambda _: _DAY),
    ),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"),
        ("wrong_format", lambda _: _MOMENT),
    ),
    "json_invalid": ("not_json", lambda _: "内容不是合法的 JSON"),
}


def reasons_of(error: ValidationError) -> tuple[Reason, ...]:
    """One reason for each wrong field, at most MOST_REASONS: code, field, value, and what would be right."""
    return by_field(error.errors(include_url=False))


def by_field(details: Iterable[ErrorDetails]) -> tuple[Reason, ...]:
    """As reasons, one for each field, at most MOST_REASONS: where several ways would be right, the first is said."""
    found: dict[str, Reason] = {}
    for detail in details:
        why = reason_of(detail)
        found.setdefault(why.values["field"], why)
        if len(found) == MOST_REASONS:
            break
    return tuple(found.values())


def reason_of(detail: ErrorDetails) -> Reason:
    """What pydantic says of one field, as a reason."""
    field = ".".join(str(part) for part in detail["loc"] if not str(part).startswith(_NOT_A_FIELD)) or "body"
    context: dict[str, Any] = detail.get("ctx") or {}
    code, right = _rule(detail, context)
    values = {"field": field, "expected": right}
    if detail["type"] == "missing":
        return Reason(code=code, values=values, text=f"{field} 缺失：{right}")
    given = shown(detail["input"])
    said = f"{field} 的值 {given} 有误" if given else f"{field} 的值为空"
    return Reason(code=code, values=values | {"value": given}, text=f"{said}：{right}")


def _rule(detail: ErrorDetails, context: dict[str, Any]) -> tuple[str, str]:
    if detail["type"] in _RULES:
        code, right = _RULES[detail["type"]]
        return code, right(context)
    cause = context.get("error")
    code = getattr(cause, "code", None) or ("wrong_value" if cause else detail["type"])
    return str(code), str(cause) if cause else shown(detail["msg"])
