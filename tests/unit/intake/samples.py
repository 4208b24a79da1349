"""Rows, needs and files to test with; every enterprise is invented."""

import csv
import io
from datetime import date
from typing import Any

from deploy.sample.enterprises import enterprise
from deploy.sample.make_sample import COLUMNS

_PLAIN = {
    "来源渠道": "部门清单",
    "主体类型": "企业",
    "行业代码": "C3670",
    "融资类型": "新增",
    "金额(万元)": "200",
    "期限(月)": "12",
    "授权书编号": "测试授权1",
    "授权范围": "全部银行",
    "授权有效期至": "2023-06-30",
}


def row(number: int, **change: str) -> dict[str, str]:
    """A good row of a list about the enterprise with this number, with cells changed."""
    owner = enterprise(16, number)
    cells = dict.fromkeys(COLUMNS, "") | _PLAIN
    cells |= {"需求编号": f"A-{number}", "企业名称": owner.name, "统一社会信用代码": owner.uscc}
    return cells | {"联系人": owner.contact, "电话": owner.phone} | change


def csv_bytes(rows: list[dict[str, str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """A CSV file with the template's header."""
    target = io.StringIO()
    writer = csv.DictWriter(target, COLUMNS, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue().encode(encoding)


NEED: dict[str, Any] = {
    "enterprise_name": enterprise(16, 500).name,
    "uscc": enterprise(16, 500).uscc,
    "kind": "new_loan",
    "amount_cny": "1000000.00",
    "contact_name": "测试联系人",
    "contact_phone": "19900000500",
    "consent": {"letter": "测试授权500", "expires_on": date(2023, 6, 30).isoformat()},
}
