"""What each service says its HTTP routes take: as OpenAPI for programs, as a page that loads nothing for people."""

from typing import Any

import jsonschema
import pytest

from services.intake.requests import NeedBody
from tests.services.house import House
from tests.unit.intake.samples import NEED
from yuqiao.contracts.streams import SERVICES
from yuqiao.policy.states import known_codes


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_has_its_routes_on_a_page_that_loads_nothing(house: House, service: str) -> None:
    async with house.calling(service) as http:
        answer = await http.get("/docs")
        paths = (await http.get("/openapi.json")).json()["paths"]
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert [path for path in paths if path not in answer.text] == []
    assert paths
    assert not [word for word in ("<script", "<link", "src=", "http://", "https://") if word in answer.text]


async def schema_of(house: House, service: str, method: str, path: str, kind: str = "application/json") -> Any:
    async with house.calling(service) as http:
        route = (await http.get("/openapi.json")).json()["paths"][path][method]
    return route["requestBody"]["content"][kind]["schema"]


async def test_the_body_of_a_need_is_described_as_it_is_read(house: House) -> None:
    schema = await schema_of(house, "intake", "post", "/needs")
    jsonschema.Draft202012Validator.check_schema(schema)
    whole = NEED | {"consent": {"letter": "x", "expires_on": "2023-06-30"}, "routing": {"banks": ["bank01"]}}
    NeedBody.model_validate(whole)
    check = jsonschema.Draft202012Validator(schema)
    assert list(check.iter_errors(whole)) == []
    for wrong in ({"kind": "lottery"}, {"amount_cny": 5}, {"consent": {}}, {"tags": ["magic"]}, {"misspelt": 1}):
        assert list(check.iter_errors(whole | wrong)), wrong
    assert schema["properties"]["kind"]["enum"] == list(known_codes("need_kind"))


@pytest.mark.parametrize(
    ("service", "method", "path", "kind", "field"),
    [
        ("intake", "post", "/needs/batch", "application/json", "needs"),
        ("intake", "post", "/lists", "multipart/form-data", "file"),
        ("intake", "post", "/clients", "application/json", "scopes"),
        ("intake", "post", "/e/{token}/consent", "application/json", "expires_on"),
        ("notification", "put", "/banks/{bank}", "application/json", "public_key"),
    ],
)
async def test_every_body_is_described(
    house: House, service: str, method: str, path: str, kind: str, field: str
) -> None:
    schema = await schema_of(house, service, method, path, kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert field in schema["required"]
    assert not {"bank", "enabled"} & set(schema["properties"]) or path.startswith("/e/")


async def test_the_header_that_a_need_wants_is_described(house: House) -> None:
    async with house.calling("intake") as http:
        (one,) = (await http.get("/openapi.json")).json()["paths"]["/needs"]["post"]["parameters"]
        assert "<b>Idempotency-Key</b> (required)" in (await http.get("/docs")).text
    assert (one["name"], one["in"], one["required"]) == ("Idempotency-Key", "header", True)
