"""Each checker has been seen to find something."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy import checks


def test_a_long_file_and_a_long_function_are_found() -> None:
    body = "def f():\n" + "    x = 1\n" * 61
    assert len(list(checks.too_long("a.py", body))) == 1
    assert len(list(checks.too_long("a.py", "x = 1\n" * 401))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import datetime\nx = datetime.now()",
        "import uuid\nx = uuid.uuid4()",
        "import asyncio",
        "from asyncpg import Connection",
        "import random",
    ],
)
def test_impurity_is_found(text: str) -> None:
    assert list(checks.impure("domain.py", text))


def test_sql_in_python_is_found() -> None:
    assert list(checks.sql_in_python("a.py", 'Q = "SELECT 1 FROM x"'))


def test_a_name_that_says_nothing_is_found() -> None:
    assert list(checks.bad_module_name("services/utils.py"))
    assert list(checks.bad_module_name("services/common/x.py"))


MADE = "Q = Queries.beside(__file__)\n"


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("services/a/store.py", MADE + "Q.there", []),
        ("services/a/store.py", MADE + "Q.lost\nQ.there", ["Q.lost"]),
        ("services/a/store.py", MADE, ["query there is dead"]),
        ("services/a/store.py", "R.there", ["query there is dead"]),
        ("services/a/http.py", "from services.a.store import Q\nQ.there", []),
        ("services/a/http.py", "from services.a.store import Q\nQ.lost\nQ.there", ["Q.lost"]),
        ("services/b/http.py", "from services.a.store import Q as A\nA.there", []),
        ("services/b/store.py", MADE + "Q.there", ["Q.there", "query there is dead"]),
    ],
)
def test_a_query_that_is_not_there_or_dead_is_found(file: str, text: str, found: list[str]) -> None:
    said = list(checks.stray_queries({"services/a/queries.sql": "-- name: there\nSELECT 1"}, {file: text}))
    assert [any(word in one for one in said) for word in found] == [True] * len(said)


def test_a_brands_queries_lie_under_shared() -> None:
    sql, code = {"shared/yuqiao/r/queries.sql": "-- name: there\nSELECT 1"}, {"shared/yuqiao/r/s.py": MADE + "Q.there"}
    assert list(checks.stray_queries(sql, code)) == []


def test_a_registry_host_is_found() -> None:
    assert list(checks.registry_hosts("lock", "--index-url https://" + "pypi.example/simple"))


def test_something_undocumented_is_found() -> None:
    assert list(checks.undocumented(["yuqiao_a_total"], "we have yuqiao_b_total"))


def test_a_skipped_test_fails_in_ci(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\ndef test_a(): pytest.skip('no server')\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(tmp_path), str(tmp_path)]
    codes = [
        subprocess.run([*command, *more], cwd=checks.ROOT, capture_output=True, check=False).returncode
        for more in ([], ["-p", "tests.no_skips"])
    ]
    assert codes == [0, 1]
