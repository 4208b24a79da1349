"""`yuqiao round`: the round that matching holds each working morning, at once."""

import json

import typer

from deploy.asking import LOCAL, AsJson, Home, ask

LONGEST = 600
"""Seconds: a round with thousands of needs takes a while."""


def hold_round(home: Home = LOCAL, as_json: AsJson = False) -> None:
    """Hold a round at once: every need that waits meets all products with room; who matches is offered to banks.

    `matched` needs go to banks, `waiting` ones lack room and are tried again, `unmatched` ones end with their reasons.
    `rest_ended`: they were offered before and waited for the room of further banks, of which none suits any more.
    """
    held = ask(home, "rounds", method="POST", service="matching", seconds=LONGEST)
    if as_json:
        print(json.dumps(held))
        return
    if not any(held.values()):
        typer.echo("no need was waiting for a round", err=True)
    print(
        f"matched {held['matched']} (offered to banks)  waiting {held['waiting']} (for room)"
        f"  unmatched {held['unmatched']} (no bank suits; the case says why)"
        f"  rest_ended {held['rest_ended']} (offered before; no further bank suits)"
    )
