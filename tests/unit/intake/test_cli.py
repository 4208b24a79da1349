"""`yuqiao import` against a server that is not there, without a key, and with wrong usage."""

from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from services.intake.cli import import_list
from services.intake.printing import alike, show
from tests.tidy.checks import ROOT
from tests.unit.intake.samples import csv_bytes, row
from yuqiao.policy.states import known_codes, term

RESULT = {"list_id": "x", "version": 1, "dry_run": False} | dict.fromkeys(
    ("rows", "accepted", "added", "changed", "unchanged", "removed", "refused"), 0
)
app = typer.Typer()
app.command()(import_list)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "清单.csv"
    path.write_bytes(csv_bytes([row(1)]))
    return path


def test_exit_codes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YUQIAO_OPERATOR_KEY", raising=False)
    monkeypatch.delenv("YUQIAO_OPERATOR_KEY_FILE", raising=False)
    run = CliRunner().invoke
    assert run(app, ["nowhere.csv"]).exit_code == 2
    assert run(app, [str(file)]).exit_code == 2
    monkeypatch.setenv("YUQIAO_OPERATOR_KEY", "key")
    assert run(app, [str(file), "--url", "http://127.0.0.1:9"]).exit_code == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--report", "/nowhere/report.xlsx"], "没有文件夹 /nowhere"),
        (["--report", "report.csv"], "report.csv"),
        (["--routing", "foo"], "可用的有 broadcast、named、platform、single、race"),
        (["--key-file", str(ROOT / "README.md")], "README.md 的内容不是密钥"),
        (["--places", "99"], "--places 的值 99 有误：须为 1 至 10"),
    ],
)
def test_a_wrong_option_is_said_in_one_line_before_anything_is_sent(
    file: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.setenv("YUQIAO_OPERATOR_KEY", "key")
    done = CliRunner().invoke(app, [str(file), "--url", "http://127.0.0.1:9", *options])
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, said in line, done.stdout) == (2, True, "")


def test_a_report_that_cannot_be_kept_costs_no_summary(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=RESULT | {"problems": []}) if request.method == "POST" else httpx.Response(200)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    client, door = httpx.Client, httpx.MockTransport(answered)
    monkeypatch.setenv("YUQIAO_OPERATOR_KEY", "key")
    monkeypatch.setattr(httpx, "Client", lambda **options: client(transport=door, **options))
    monkeypatch.setattr(Path, "write_bytes", full)
    done = CliRunner().invoke(app, [str(file), "--report", str(tmp_path / "report.xlsx")])
    assert (done.exit_code, "接收" in done.stdout, "No space left" in done.stderr) == (1, True, True)


def test_what_refuses_rows_comes_first_and_what_is_alike_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    remarks = [{"row": n, "field": "存量贷款银行", "code": "lender_unknown", "text": f"{n}行"} for n in range(2, 62)]
    refused = [{"row": n, "field": "电话", "code": "phone_invalid", "text": "须为手机号"} for n in (70, 71)]
    show(RESULT | {"problems": remarks + refused})
    said = capsys.readouterr()
    assert (said.out.count("lender_unknown"), said.out.count("phone_invalid"), said.err) == (1, 1, "")
    assert said.out.index("phone_invalid") < said.out.index("lender_unknown")
    assert "70、71" in said.out
    assert [(line.where, line.text) for line in alike(remarks)] == [("2、3、4、5、6 等，共 60 行", "如第 2 行：2行")]


def test_a_narrow_terminal_cuts_nothing_that_would_be_right(capsys: pytest.CaptureFixture[str]) -> None:
    right = "、".join(term("region", code) for code in known_codes("region"))
    problem = {"row": 2, "field": "镇街/园区", "code": "region_unknown", "text": right}
    show(RESULT | {"problems": [problem]})
    shown = "".join(capsys.readouterr().out.split()).replace("│", "")
    assert [name for name in right.split("、") if name not in shown] == []
