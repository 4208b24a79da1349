"""What a bank publishes is what an operator reads of the catalogue."""

from typing import Any

from tests.services.house import House
from tests.unit.notification.door import public_key
from yuqiao.contracts.from_bank import ProductPublished, ProductWithdrawn
from yuqiao.contracts.to_bank import Receipt

BANK = "bank01"
TERMS: dict[str, Any] = {
    "name": "测试贷",
    "min_amount_cny": "10000.00",
    "max_amount_cny": "100000000.00",
    "min_term_months": 1,
    "max_term_months": 120,
    "annual_rate": "0.0385",
    "daily_quota": 1000,
    "valid_from": "2022-01-01",
    "valid_until": "2099-12-31",
}


async def open_bank(house: House, bank: str = BANK, *, publishes: bool = True, name: str = "测试银行") -> None:
    """The bank is registered, and offers one product that fits everybody if it `publishes`."""
    entry = {"name": name, "kind": "city", "local_legal_entity": True, "daily_quota": 1000, "key_id": "k-1"}
    async with house.calling("notification") as operator:
        (await operator.put(f"/banks/{bank}", json=entry | {"public_key": public_key()})).raise_for_status()
    if publishes:
        publish(house, "p", bank)
    await house.settle()


def publish(house: House, product: str, bank: str = BANK, **fields: Any) -> None:
    house.write(ProductPublished.model_validate({"at": house.now, "bank": bank, "product": product} | TERMS | fields))


async def listed(house: House) -> list[str]:
    async with house.calling("matching") as operator:
        answer = await operator.get("/products")
    assert answer.status_code == 200, answer.text
    assert all(row["annual_rate"] == "0.0385" for row in answer.json())
    return [row["product"] for row in answer.json()]


async def test_the_catalogue_is_what_banks_published_and_did_not_withdraw(house: House) -> None:
    assert await listed(house) == []
    await open_bank(house)
    publish(house, "q")
    await house.settle()
    assert await listed(house) == ["p", "q"]
    house.write(ProductWithdrawn(at=house.now, bank=BANK, product="p"))
    await house.settle()
    assert await listed(house) == ["q"]
    assert [r.result for r in house.said(Receipt)] == ["applied"] * 3


async def test_the_catalogue_is_the_operators_alone(house: House) -> None:
    async with house.calling("matching") as stranger:
        answer = await stranger.get("/products", headers={"Authorization": "Bearer nobody"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
