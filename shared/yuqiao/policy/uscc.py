"""统一社会信用代码 (GB 32100-2015): its canonical form, and what is wrong with one that is none."""

import re
import unicodedata

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength

_SCIENTIFIC = re.compile(r"^\d(\.\d+)?E\+?\d+$")
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class BadUscc(ValueError):
    """No usable code: a stable code, and a Chinese sentence that says what would be right."""

    def __init__(self, code: str, text: str) -> None:
        """`code` is stable, `text` is for people."""
        super().__init__(text)
        self.code, self.text = code, text


def canonical_uscc(text: str) -> str:
    """The 18 characters: NFKC, upper case, no blanks; both check digits right (GB 32100-2015, GB 11714).

    Raises BadUscc: `uscc_number` where a spreadsheet has turned it into a number, `uscc_legacy` for 15 digits, `uscc_length`,
    `uscc_characters`, `uscc_check_digit`, `uscc_organisation_check_digit`; `uscc_person` for a resident's identity number.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    if _SCIENTIFIC.match(plain):
        raise BadUscc("uscc_number", "统一社会信用代码被表格软件转成了数字，请把该列设为“文本”格式后重新填写")
    if len(plain) == 15 and plain.isdigit():
        raise BadUscc("uscc_legacy", "这是 15 位旧注册号，请填写 18 位统一社会信用代码")
    try:
        return _validated(plain)
    except BadUscc:
        if _is_a_persons(plain):
            raise BadUscc("uscc_person", "这是居民身份证号码：自然人不进入企业清单，请填写统一社会信用代码") from None
        raise


def _validated(plain: str) -> str:
    try:
        code: str = uscc.validate(plain)
    except InvalidLength:
        raise BadUscc("uscc_length", f"统一社会信用代码须为 18 位，现为 {len(plain)} 位") from None
    except InvalidFormat:
        raise BadUscc(
            "uscc_characters", "统一社会信用代码前 8 位须为数字，其余为数字或大写字母（不含 I、O、S、V、Z）"
        ) from None
    except InvalidChecksum:
        raise BadUscc("uscc_check_digit", "统一社会信用代码第 18 位校验码不符，请核对各位字符") from None
    if _organisation_check(code[8:16]) != code[16]:
        raise BadUscc(
            "uscc_organisation_check_digit", "统一社会信用代码第 17 位（组织机构代码校验码）不符，请核对第 9 至 17 位"
        )
    return code


def _organisation_check(body: str) -> str:
    rest = 11 - sum(int(char, 36) * weight for char, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def _is_a_persons(plain: str) -> bool:
    """Whether it is a resident's identity number (GB 11643): a birthday, and its own check digit. Any place will do."""
    if not _RESIDENT.fullmatch(plain) or ric.calc_check_digit(plain) != plain[-1]:
        return False
    try:
        return 1900 <= ric.get_birth_date(plain).year < 2100
    except InvalidComponent:
        return False
