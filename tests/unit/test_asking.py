"""What commands that ask a service have in common."""

import pytest

from deploy.asking import MOST_ROWS, first


def test_that_a_service_gives_no_more_at_once_is_said_of_any_service(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(first([{}] * MOST_ROWS, MOST_ROWS, "open issues")) == MOST_ROWS
    assert capsys.readouterr().err == "10000 are given at once; there may be more open issues\n"
