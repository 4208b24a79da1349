"""What partners and the operator call, on a real database."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

import deploy.sample
from deploy.sample.make_sample import COLUMNS
from tests.unit.intake.harness import Intake
from tests.unit.intake.samples import NEED, csv_bytes, row
from tests.unit.intake.test_pages import bank
from yuqiao.runtime.what_to_do import what_to_do

SAMPLE = Path(deploy.sample.__file__).with_name("need-list.xlsx")


async def upload(http: httpx.AsyncClient, content: bytes, name: str = "清单.csv", **params: Any) -> Any:
    response = await http.post("/lists", params=params, files={"file": (name, content)})
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_sample_list_is_taken_whole(intake: Intake, http: httpx.AsyncClient) -> None:
    result = await upload(http, SAMPLE.read_bytes(), SAMPLE.name)
    assert (result["rows"], result["accepted"], result["refused"], result["version"]) == (1662, 1662, 0, 1)
    assert {p["code"] for p in result["problems"]} == {"lender_unknown"}, "no bank is registered here"
    registered = await intake.log("need.registered")
    assert len(registered) == 1662
    assert all(e["batched"] for e in registered)
    assert len(await intake.log("consent.granted")) == await intake.pool.fetchval("SELECT count(*) FROM consent")


async def test_a_list_says_to_how_many_banks_its_needs_go(intake: Intake, http: httpx.AsyncClient) -> None:
    await upload(http, csv_bytes([row(1)]))
    await upload(http, csv_bytes([row(2)]), "五家.csv", places=5)
    assert [e["routing"]["places"] for e in await intake.log("need.registered")] == [3, 5]
    for wrong, code in ((0, "out_of_range"), (11, "out_of_range"), ("many", "not_a_number")):
        file = {"file": ("x.csv", csv_bytes([row(3)]))}
        response = await http.post("/lists", params={"places": wrong}, files=file)
        (reason,) = response.json()["reasons"]
        assert (response.status_code, reason["code"]) == (422, code)
        assert "places" in reason["values"]["field"]


async def test_nothing_personal_is_in_events_or_keys(intake: Intake, http: httpx.AsyncClient) -> None:
    await upload(http, csv_bytes([row(1)]))
    for table in ("event_log", "inbox", "sequence", "need", "progress", "list_row", "consent", "need_list"):
        text = str(await intake.pool.fetch(f"SELECT t::text FROM {table} AS t"))
        for secret in (row(1)["企业名称"], row(1)["统一社会信用代码"], row(1)["联系人"], row(1)["电话"]):
            assert secret not in text, table


async def test_the_same_file_again_changes_nothing(intake: Intake, http: httpx.AsyncClient) -> None:
    content = csv_bytes([row(1), row(2)])
    first = await upload(http, content)
    again = await upload(http, content)
    assert (again["version"], again["added"], again["unchanged"]) == (1, 0, 2)
    assert again["list_id"] == first["list_id"]
    assert len(await intake.log("need.registered")) == 2


async def test_a_dry_run_says_the_same_and_does_nothing(intake: Intake, http: httpx.AsyncClient) -> None:
    result = await upload(http, csv_bytes([row(1), row(2, 电话="123")]), dry_run="true")
    assert (result["added"], result["refused"], result["dry_run"]) == (1, 1, True)
    assert result["problems"][0] | {"text": ""} == {"row": 3, "field": "电话", "code": "phone_invalid", "text": ""}
    assert await intake.pool.fetchval("SELECT count(*) FROM event_log") == 0


async def test_a_new_version_adds_changes_and_removes(intake: Intake, http: httpx.AsyncClient) -> None:
    await upload(http, csv_bytes([row(1), row(2), row(3)]))
    second = await upload(http, csv_bytes([row(1), row(2, **{"金额(万元)": "300"}), row(4)]))
    assert [second[k] for k in ("version", "added", "changed", "unchanged", "removed")] == [2, 1, 1, 1, 1]
    (revised,) = await intake.log("need.revised")
    assert (revised["facts"]["amount_cny"], revised["revision"]) == ("3000000.00", 2)
    (withdrawn,) = await intake.log("need.withdrawn")
    assert withdrawn["reason"] == "removed"
    third = await upload(http, csv_bytes([row(1), row(2, **{"金额(万元)": "300"}), row(4), row(3)]))
    assert third["added"] == 1
    registered = await intake.log("need.registered")
    assert len({e["need"] for e in registered}) == len(registered) == 5


async def test_a_corrected_phone_changes_what_is_kept_and_tells_nobody(intake: Intake, http: httpx.AsyncClient) -> None:
    await upload(http, csv_bytes([row(1)]))
    before = await intake.pool.fetchval("SELECT count(*) FROM event_log WHERE topic IS NOT NULL")
    assert (await upload(http, csv_bytes([row(1, 电话="19900007777")])))["changed"] == 1
    assert await intake.pool.fetchval("SELECT count(*) FROM event_log WHERE topic IS NOT NULL") == before
    assert "19900007777" in await intake.pool.fetchval("SELECT body::text FROM need_private")


@pytest.mark.parametrize("lists", [("甲.csv", "甲.csv"), ("甲.csv", "乙.csv")])
async def test_a_list_may_take_its_lender_back_and_another_list_does_not(
    intake: Intake, http: httpx.AsyncClient, lists: tuple[str, str]
) -> None:
    for name, cell in zip(lists, ({"存量贷款银行": "bank01"}, {}), strict=True):
        await upload(http, csv_bytes([row(1, **cell)]), name=name)
    kept = await intake.pool.fetchval("SELECT body ->> 'lender' FROM need_private")
    assert kept == (None if lists[0] == lists[1] else "bank01")


async def test_a_corrected_code_is_another_enterprise(intake: Intake, http: httpx.AsyncClient) -> None:
    await upload(http, csv_bytes([row(1)]))
    result = await upload(http, csv_bytes([row(1, 统一社会信用代码=row(2)["统一社会信用代码"])]))
    assert (result["added"], result["removed"]) == (1, 1)
    first, second = await intake.log("need.registered")
    (withdrawn,) = await intake.log("need.withdrawn")
    assert withdrawn["need"] == first["need"] != second["need"]


async def test_a_row_that_is_refused_now_keeps_its_earlier_need(intake: Intake, http: httpx.AsyncClient) -> None:
    await upload(http, csv_bytes([row(1), row(2)]))
    result = await upload(http, csv_bytes([row(1), row(2, 融资类型="彩票")]))
    assert (result["refused"], result["removed"]) == (1, 0)
    assert not await intake.log("need.withdrawn")


async def test_a_need_of_two_lists_is_one_need_until_both_drop_it(intake: Intake, http: httpx.AsyncClient) -> None:
    await upload(http, csv_bytes([row(1), row(9)]), name="甲.csv")
    await upload(http, csv_bytes([row(1, 需求编号="B-1"), row(8)]), name="乙.csv")
    assert len(await intake.log("need.registered")) == 3
    (revised,) = await intake.log("need.revised")
    await upload(http, csv_bytes([row(9)]), name="甲.csv")
    assert not await intake.log("need.withdrawn")
    await upload(http, csv_bytes([row(8)]), name="乙.csv")
    assert [e["need"] for e in await intake.log("need.withdrawn")] == [revised["need"]]


async def test_an_interrupted_import_can_be_repeated(intake: Intake, http: httpx.AsyncClient) -> None:
    content = csv_bytes([row(n) for n in range(1, 6)])
    calls = 0
    real = intake.submit_all

    async def interrupted(commands: Any) -> Any:
        nonlocal calls
        calls += 1
        if len(commands) > 1:
            await real(commands[:3])
            raise ConnectionError
        return await real(commands)

    intake.submit_all = interrupted  # type: ignore[method-assign]
    response = await http.post("/lists", files={"file": ("清单.csv", content)})
    assert response.status_code == 500
    intake.submit_all = real  # type: ignore[method-assign]
    result = await upload(http, content)
    assert (result["version"], result["added"], result["unchanged"], result["accepted"]) == (1, 2, 3, 5)
    assert len({e["need"] for e in await intake.log("need.registered")}) == 5


async def test_the_report_has_every_row_its_problem_and_the_link(http: httpx.AsyncClient) -> None:
    result = await upload(http, csv_bytes([row(1, 备注='=HYPERLINK("x")'), row(2, 统一社会信用代码="1")]))
    response = await http.get(f"/lists/{result['list_id']}/report.xlsx")
    sheet = list(CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).iter_rows())
    assert sheet[0] == [*COLUMNS, "问题", "企业链接"]
    assert sheet[1][len(COLUMNS) - 1] == '=HYPERLINK("x")'
    assert str(sheet[1][-1]).startswith("http://127.0.0.1:8101/e/")
    assert "18 位" in str(sheet[2][-2])
    assert (await http.get(f"/lists/{result['list_id']}")).json()["refused"] == 1


async def test_a_lender_that_is_not_registered_is_remarked_and_its_row_is_taken(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    await intake.hear(bank(intake))
    lenders = ["BANK01、 测试银行01", "测试银行01；测式银行" + "行" * 30, "", "bank02"]
    rows = [row(number, 存量贷款银行=lender) for number, lender in enumerate(lenders, start=1)]
    rows.append(row(5, 存量贷款银行="bank02", 电话="1"))
    result = await upload(http, csv_bytes(rows))
    assert (result["accepted"], result["refused"]) == (4, 1)
    assert [(p["row"], p["field"], p["code"]) for p in result["problems"]] == [
        (6, "电话", "phone_invalid"),
        (3, "存量贷款银行", "lender_unknown"),
        (5, "存量贷款银行", "lender_unknown"),
    ], "what is refused comes first"
    assert f"“测式银行{'行' * 16}”" in result["problems"][1]["text"]
    response = await http.get(f"/lists/{result['list_id']}/report.xlsx")
    sheet = list(CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).iter_rows())
    assert ("该行照常接收" in str(sheet[2][-2]), str(sheet[2][-1])[:4]) == (True, "http")
    assert sheet[1][-2] == ""


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "file_empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), 422, "file_xls"),
        (b"a,b\n1,2", 422, "header_missing"),
        ("企业名称,联系人,电话\nx,y,z".encode(), 422, "columns_missing"),
    ],
)
async def test_a_file_that_is_no_list_is_a_problem(
    http: httpx.AsyncClient, content: bytes, status: int, code: str
) -> None:
    response = await http.post("/lists", files={"file": ("x.csv", content)})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["what_to_do"]


async def test_a_need_is_registered_once_and_its_answer_repeated(intake: Intake, http: httpx.AsyncClient) -> None:
    first = await http.post("/needs", json=NEED, headers={"Idempotency-Key": "k1"})
    assert first.status_code == 201
    again = await http.post("/needs", json=NEED, headers={"Idempotency-Key": "k1"})
    assert (again.json(), again.headers["Idempotent-Replay"]) == (first.json(), "true")
    other = await http.post("/needs", json=NEED | {"amount_cny": "1.00"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    (registered,) = await intake.log("need.registered")
    assert registered["batched"] is False
    merged = await http.post("/needs", json=NEED | {"amount_cny": "1050000"}, headers={"Idempotency-Key": "k2"})
    assert (merged.json()["need"], merged.json()["merged"]) == (first.json()["need"], True)


async def test_a_lender_that_was_not_registered_is_remarked_whenever_the_answer_is_given(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    need = NEED | {"lender": "无；bank01、bank02"}
    first = (await http.post("/needs", json=need, headers={"Idempotency-Key": "k"})).json()
    await intake.hear(bank(intake))
    again = await http.post("/needs", json=need, headers={"Idempotency-Key": "k"})
    assert again.json() == first
    remarks = [(r["code"], r["values"]) for r in first["remarks"]]
    assert remarks == [("lender_unknown", {"field": "lender", "place": str(place)}) for place in (1, 2)]
    batch = {"needs": [need | {"id": "b"}, NEED | {"id": "c"}]}
    results = (await http.post("/needs/batch", json=batch)).json()["results"]
    assert [[r["values"]["place"] for r in result["remarks"]] for result in results] == [["2"], []]
    assert "bank02" not in str(await intake.pool.fetch("SELECT t::text FROM event_log AS t"))


async def test_an_answer_outlives_the_inbox(intake: Intake, http: httpx.AsyncClient) -> None:
    first = await http.post("/needs", json=NEED, headers={"Idempotency-Key": "k"})
    await intake.pool.execute("DELETE FROM inbox")
    again = await http.post("/needs", json=NEED, headers={"Idempotency-Key": "k"})
    assert (again.json(), again.headers["Idempotent-Replay"]) == (first.json(), "true")
    assert len(await intake.log("need.registered")) == 1


async def test_a_bulk_of_needs_answers_each(http: httpx.AsyncClient) -> None:
    needs = [NEED | {"id": "a"}, NEED | {"id": "b", "uscc": "1"}, NEED | {"id": "a"}]
    results = (await http.post("/needs/batch", json={"needs": needs})).json()["results"]
    assert [("problem" in r, r.get("replayed")) for r in results] == [(False, False), (True, None), (False, True)]
    assert results[1]["problem"]["reasons"][0]["values"]["field"] == "uscc"
    assert results[1]["problem"]["what_to_do"] == what_to_do("invalid_request")


async def test_what_is_refused_twice_in_a_bulk_is_refused_twice_and_the_others_have_their_answers(
    http: httpx.AsyncClient,
) -> None:
    bad = NEED | {"id": "k1", "routing": {"mode": "named", "banks": ["bank99"]}}
    needs = [bad, NEED | {"id": "k2"}, bad, NEED | {"id": "k1"}]
    answer = await http.post("/needs/batch", json={"needs": needs})
    assert answer.status_code == 200, answer.text
    codes = [r["problem"]["code"] if "problem" in r else r["replayed"] for r in answer.json()["results"]]
    assert codes == ["invalid_request", False, "invalid_request", "idempotency_key_reused"]


async def test_a_bulk_with_an_id_that_is_no_key_says_which(http: httpx.AsyncClient) -> None:
    needs = [NEED | {"id": "a"}, NEED | {"id": "编号"}]
    answer = await http.post("/needs/batch", json={"needs": needs})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert answer.json()["detail"].startswith("第 2 条的 id 编号 有误：须为 1 至 200 个")


@pytest.mark.parametrize(
    "change",
    [
        {"amount_cny": 100},
        {"amount_cny": "1e6"},
        {"amount_cny": "0"},
        {"amount_cny": "-1"},
        {"amount_cny": "1.001"},
        {"term_months": True},
        {"term_months": 0},
        {"term_months": 10**9},
        {"kind": "lottery"},
        {"needed_by": 1672531200},
        {"needed_by": "2026-02-29"},
        {"contact_phone": "110"},
        {"uscc": "91500112TE0000038K"},
        {"tags": ["nonsense"]},
        {"unknown_field": 1},
        {"consent": {"letter": "x", "expires_on": "x"}},
        {"enterprise_name": "\u200b"},
        {"max_annual_rate": "3.85"},
        {"max_annual_rate": "0.385"},
        {"industry": "A34"},
    ],
)
async def test_a_bad_field_is_refused_by_name(http: httpx.AsyncClient, change: dict[str, Any]) -> None:
    response = await http.post("/needs", json=NEED | change, headers={"Idempotency-Key": "k"})
    assert response.status_code == 422, response.text
    assert next(iter(change)) in str(response.json()["reasons"])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"[" * 50_000, b"\xff\xfe", b'"x"'])
async def test_a_body_that_is_no_need_is_a_problem(http: httpx.AsyncClient, body: bytes) -> None:
    response = await http.post("/needs", content=body, headers={"Idempotency-Key": "k"})
    assert response.status_code in (400, 422), response.text


async def test_a_body_that_is_too_large_is_refused(http: httpx.AsyncClient) -> None:
    response = await http.post("/needs", content=b" " * 70_000, headers={"Idempotency-Key": "k"})
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    response = await http.post("/needs", json=NEED, headers={"Idempotency-Key": "k" * 10_000})
    assert response.json()["code"] == "idempotency_key_required"


async def test_keys_have_scopes(http: httpx.AsyncClient) -> None:
    created = await http.post("/clients", json={"id": "park", "scopes": ["needs:write"]})
    assert created.status_code == 201
    mine = {"Authorization": f"Bearer {created.json()['key']}"}
    posted = await http.post("/needs", json=NEED, headers=mine | {"Idempotency-Key": "k"})
    assert posted.status_code == 201
    assert (await http.post("/lists", headers=mine)).status_code == 403
    assert (await http.post("/clients", headers=mine)).status_code == 401
    for key in ("", "park.wrong", "nobody.x", "park"):
        response = await http.post("/needs", json=NEED, headers={"Authorization": f"Bearer {key}"})
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    renewed = (await http.post("/clients", json={"id": "park", "scopes": ["lists:write"]})).json()["key"]
    assert (await http.post("/needs", headers=mine)).status_code == 401
    assert (await http.post("/needs", headers={"Authorization": f"Bearer {renewed}"})).status_code == 403


async def test_the_operator_is_told_whose_a_need_is_and_how_it_came(intake: Intake, http: httpx.AsyncClient) -> None:
    listed = await upload(http, csv_bytes([row(1)]))
    (registered,) = await intake.log("need.registered")
    address = f"/needs/{registered['need']}"
    told = await http.get(address)
    assert told.headers["cache-control"] == "no-store"
    said = told.json()
    known = {
        "enterprise_name": "企业名称",
        "uscc": "统一社会信用代码",
        "contact_name": "联系人",
        "contact_phone": "电话",
    }
    assert {field: said[field] for field in known} == {field: row(1)[header] for field, header in known.items()}
    (way,) = said["origins"]
    assert (way["list_id"], way["list_version"], way["row"]) == (listed["list_id"], 1, 2)
    assert way["channel_term"] != way["channel"]
    assert (await http.get(said["link"])).status_code == 200
    assert (await http.get("/needs/nobodys")).json()["code"] == "need_unknown"
    client = (await http.post("/clients", json={"id": "partner", "scopes": ["lists:write", "needs:write"]})).json()
    refused = await http.get(address, headers={"Authorization": f"Bearer {client['key']}"})
    assert (refused.status_code, row(1)["电话"] in refused.text) == (401, False)


async def test_two_clients_may_use_the_same_idempotency_key(http: httpx.AsyncClient) -> None:
    key = (await http.post("/clients", json={"id": "park", "scopes": ["needs:write"]})).json()["key"]
    first = await http.post("/needs", json=NEED, headers={"Idempotency-Key": "k"})
    headers = {"Idempotency-Key": "k", "Authorization": f"Bearer {key}"}
    second = await http.post("/needs", json=NEED | {"kind": "bridge"}, headers=headers)
    assert second.status_code == 201
    assert json.loads(second.content)["need"] != first.json()["need"]


async def test_a_need_that_names_a_bank_that_nobody_knows_is_refused_and_its_key_is_free(
    intake: Intake, http: httpx.AsyncClient
) -> None:
    wrong = NEED | {"routing": {"mode": "named", "banks": ["bank99"]}}
    answer = await http.post("/needs", json=wrong, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [(reason["code"], reason["values"]["value"]) for reason in answer.json()["reasons"]] == [
        ("bank_unknown", "bank99")
    ]
    assert not await intake.log("need.registered")
    assert (await http.post("/needs", json=NEED, headers={"Idempotency-Key": "k"})).status_code == 201
