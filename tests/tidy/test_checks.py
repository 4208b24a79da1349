"""Each checker has been seen to find something."""

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


def test_a_dead_query_is_found() -> None:
    assert list(checks.unused_queries("q.sql", "-- name: lost\nSELECT 1", "Q.found"))
    assert not list(checks.unused_queries("q.sql", "-- name: found\nSELECT 1", "Q.found"))


def test_a_registry_host_is_found() -> None:
    assert list(checks.registry_hosts("lock", "--index-url https://" + "pypi.example/simple"))


def test_something_undocumented_is_found() -> None:
    assert list(checks.undocumented(["yuqiao_a_total"], "we have yuqiao_b_total"))
