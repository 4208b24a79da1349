"""The house's rules hold in this tree."""

import subprocess
from pathlib import Path

import pytest

from tests.tidy import checks
from tests.tidy.checks import ROOT, python_files
from yuqiao.contracts.streams import SERVICES

PRODUCT = python_files("shared", "services", "deploy")
ALL = python_files("shared", "services", "deploy", "tests")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ALL, ids=name)
def test_files_and_functions_are_short(path: Path) -> None:
    assert list(checks.too_long(name(path), path.read_text(encoding="utf-8"))) == []


def test_decisions_are_pure() -> None:
    pure = [p for p in PRODUCT if p.name in checks.PURE_FILES or "yuqiao/policy" in str(p)]
    pure = [p for p in pure if p.name != "seed_calendar.py"]
    assert [f for p in pure for f in checks.impure(name(p), p.read_text(encoding="utf-8"))] == []


def test_sql_stands_in_sql_files() -> None:
    assert [f for p in PRODUCT for f in checks.sql_in_python(name(p), p.read_text(encoding="utf-8"))] == []


def test_module_names_say_something() -> None:
    assert [f for p in ALL for f in checks.bad_module_name(name(p))] == []


def test_every_query_is_there_and_called() -> None:
    found = sorted(p for f in ("shared", "services", "deploy") for p in (ROOT / f).rglob("*.sql"))
    sql = {name(p): p.read_text(encoding="utf-8") for p in found if p.parent.name != "migrations"}
    assert len(sql) > len(SERVICES)
    assert list(checks.stray_queries(sql, {name(p): p.read_text(encoding="utf-8") for p in PRODUCT})) == []


def test_no_registry_host_stands_in_a_file() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    findings = []
    for file in listed:
        path = ROOT / file
        if path.suffix in {".xlsx", ".png", ".md", ".js"} or not path.is_file():
            continue
        findings += checks.registry_hosts(file, path.read_text(encoding="utf-8", errors="replace"))
    assert findings == []
