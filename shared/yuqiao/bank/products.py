"""A file of products: YAML, a bank's own list, or bank → list; each product field by field as on the wire.

It is read more strictly than the wire: whatever would be passed over or overwritten there is said here.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from yuqiao.contracts.from_bank import ProductPublished
from yuqiao.contracts.problems import reasons_of, shown
from yuqiao.contracts.values import Reason

FIELDS = [name for name in ProductPublished.model_fields if name != "at"]
"""What a product in a file may have; `at` is the time of its publication."""

WITHOUT_DAYS = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
"""How YAML tells by its look what text is: a number, a truth value, but no day."""


class BadProducts(ValueError):
    """The file cannot be read, or something in it is wrong: a line for each fault, with what would be right."""


class AsOnTheWire(yaml.SafeLoader):
    """YAML with days as text, so that one that does not exist is its field's fault; a key stands once."""

    yaml_implicit_resolvers = WITHOUT_DAYS

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Of a key that stands twice PyYAML keeps the last without a word. Raises yaml.YAMLError."""
        node = super().compose_mapping_node(anchor)
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise yaml.MarkedYAMLError(problem=f"{key.value} 写了不止一次", problem_mark=key.start_mark)
        return node


def products_of(bank: str, path: Path, at: datetime) -> list[ProductPublished]:
    """What a file says that this bank offers: nothing when it speaks of other banks only. Raises BadProducts."""
    found: dict[str, ProductPublished] = {}
    faults = []
    for place, fields in enumerate(_listed(bank, path), 1):
        wrong = list(_overwritten(bank, fields))
        try:
            product = _product(bank, fields, at)
        except ValidationError as error:
            wrong += map(_text, reasons_of(error))
        else:
            if found.setdefault(product.product, product) is not product:
                wrong.append(f"product 的值 {product.product} 有误：前面已有这个产品，一个产品只写一次")
        faults += [f"第 {place} 个产品：{text}" for text in wrong]
    if faults:
        raise BadProducts("\n".join(faults))
    return list(found.values())


def _listed(bank: str, path: Path) -> list[Any]:
    try:
        listed = AsOnTheWire(path.read_text(encoding="utf-8")).get_single_data()
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BadProducts(f"读不了 {path}：{error}") from None
    if isinstance(listed, Mapping) and not listed.keys() & set(FIELDS):
        listed = listed.get(bank, [])
    if not isinstance(listed, list):
        right = f"须为产品列表，每个产品以 - 开头；或 {bank}: 后接产品列表"
        raise BadProducts(f"{path} 的内容 {shown(listed)} 有误：{right}")
    return listed


def _overwritten(bank: str, fields: Any) -> Iterator[str]:
    """What is said of the two fields that the publication fills in."""
    if isinstance(fields, Mapping):
        if fields.get("bank", bank) != bank:
            yield f"bank 的值 {shown(fields['bank'])} 有误：须为 {bank}，也可不写"
        if "at" in fields:
            yield f"at 的值 {shown(fields['at'])} 有误：发布时填写，请去掉"


def _product(bank: str, fields: Any, at: datetime) -> ProductPublished:
    if isinstance(fields, Mapping):
        fields = {str(name): value for name, value in fields.items()} | {"bank": bank, "at": at}
    return ProductPublished.model_validate(fields, extra="forbid")


def _text(reason: Reason) -> str:
    if reason.code != "field_unknown":
        return reason.text
    near = get_close_matches(reason.values["field"], FIELDS)
    return f"{reason.text}；{'相近的有' if near else '可用的有'}：{'、'.join(near or FIELDS)}"
