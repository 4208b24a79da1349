"""Addresses of a database that was there before us."""

import pytest

from deploy.stack.database import as_admin, with_role


@pytest.mark.parametrize(
    ("given", "admin", "role"),
    [
        ("postgresql://a:b@db:5433/x", "postgresql://a:b@db:5433/yuqiao", "postgresql://r:p@db:5433/yuqiao"),
        (
            "postgres://a@[::1]/x?ssl=require",
            "postgres://a@[::1]/yuqiao?ssl=require",
            "postgres://r:p@[::1]/yuqiao?ssl=require",
        ),
        ("postgresql:///x?host=/run/pg", "postgresql:///yuqiao?host=/run/pg", "postgresql://r:p@/yuqiao?host=/run/pg"),
    ],
)
def test_a_server_stays_the_same_for_every_role(given: str, admin: str, role: str) -> None:
    assert (as_admin(given), with_role(given, "r", "p")) == (admin, role)
