"""免申即享 (clause 二): what is owed to an enterprise although nobody applied for it, to be asked of its banks."""

from datetime import date

from yuqiao.policy.explain import Explained, judged
from yuqiao.policy.measures import Facts, Measure, Part, measures

EXISTING_LOAN = "在该行有原有贷款（首次贷款者没有原有贷款）"


def without_application(facts: Facts, on: date) -> list[Explained]:
    """Each part that promises 免申即享, before an enterprise on a day: `applies` is owed, `unknown` names what to ask.

    What the enterprise came for (融资类型) is no condition: the benefit is for its existing loan. Only a bank knows that
    loan: ask each of its banks the part's `to_verify`. Whoever seeks a first loan (首贷) has none.
    """
    return [
        _owed(measure, part, facts, on)
        for measure in measures()
        for part in measure.parts
        if part.promise.without_application
    ]


def _owed(measure: Measure, part: Part, facts: Facts, on: date) -> Explained:
    whatever_kind = tuple(one.model_copy(update={"kinds": ()}) for one in part.when)
    found = judged(measure, part, whatever_kind, facts, on)
    if found.verdict in ("applies", "unknown") and facts.first_loan:
        return Explained(measure, part, "fails", f"须{EXISTING_LOAN}", (EXISTING_LOAN,), (), found.until)
    return found
