"""A case, what happened to it, an issue and the funnel as the operator sees them: with the Chinese term beside each code."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from services.feedback.case import LADDER, Case
from yuqiao.policy.states import issue_list, term
from yuqiao.runtime.messages import BEIJING


def funnel_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """[{stage, term, count, amount_cny}]: how many cases came at least to each stage, then how many ended in each outcome.

    Amounts are what was asked for; for `financed` and `credited` what was lent or granted.
    """
    found = []
    for number, stage in enumerate(LADDER[:-1]):
        further = [r for r in rows if LADDER.index(r["reached"]) >= number]
        amount = sum((Decimal(r["amount_cny"]) for r in further), Decimal("0.00"))
        row = {"stage": stage, "term": term("case_stage" if stage == "registered" else "offer_stage", stage)}
        found.append(row | {"count": sum(r["count"] for r in further), "amount_cny": str(amount)})
    for outcome in sorted({r["outcome"] for r in rows if r["outcome"]}):
        ended = [r for r in rows if r["outcome"] == outcome]
        column = "outcome_cny" if outcome in {"financed", "credited"} else "amount_cny"
        amount = sum((Decimal(r[column] or "0") for r in ended), Decimal("0.00"))
        row = {"stage": outcome, "term": term("case_outcome", outcome), "count": sum(r["count"] for r in ended)}
        found.append(row | {"amount_cny": str(amount)})
    return found


def row_of(row: dict[str, Any]) -> dict[str, Any]:
    """One line of a list of cases."""
    due_at, party = row["due_at"], row["waiting_on"]
    return row | {
        "stage_term": term("case_stage", row["stage"]),
        "waiting_on_term": term("party", party) if party else None,
        "due_at": due_at.astimezone(BEIJING).isoformat() if due_at else None,
    }


def issue_of(issue: dict[str, Any], words: str | None) -> dict[str, Any]:
    """One line of the issue list, and what a bank says of it."""
    terms = {"raised_by": "party", "category": issue_list(issue["raised_by"]), "level": "issue_level"}
    return issue | {f"{name}_term": term(kind, issue[name]) for name, kind in terms.items()} | {"words": words}


def happened(row: Any, words: Callable[[str, str], str]) -> dict[str, Any]:
    """An event of a case's history, a bank's words in the clear."""
    event = json.loads(row["body"])
    if sealed := event.pop("sealed", None):
        event["words"] = words(sealed, event["place"])
    return {"at": row["at"].astimezone(BEIJING).isoformat(), "type": row["type"], "event": event}


def whole_of(case: Case, timeline: list[dict[str, Any]]) -> dict[str, Any]:
    """A case with its next deadline and everything that happened."""
    wait = case.next_wait()
    whole = case.model_dump(mode="json")
    whole["stage_term"] = term("case_stage", case.stage)
    whole["outcome_term"] = term("case_outcome", case.outcome) if case.outcome else None
    whole["next_deadline"] = wait.model_dump(mode="json") if wait else None
    whole["waiting_on_term"] = term("party", wait.on) if wait else None
    for offer in whole["offers"].values():
        offer["stage_term"] = term("offer_stage", offer["stage"])
    return whole | {"timeline": timeline}
