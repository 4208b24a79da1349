"""免申即享 (clause 二): what is owed to an enterprise although nobody applied for it, to be asked of its banks."""

from collections.abc import Iterable
from datetime import date

from yuqiao.policy.explain import Explained, explain
from yuqiao.policy.measures import Facts, measure


def without_application(facts: Facts, on: date) -> list[Explained]:
    """Each part that promises 免申即享, before an enterprise on a day: `applies` is owed, `unknown` names what to ask."""
    return [one for one in explain(facts, on) if one.part and one.part.promise.without_application]


def owed_without_application(facts: Facts, on: date) -> tuple[int, ...]:
    """The numbers of the measures that an enterprise is owed on a day although it did not apply."""
    return tuple(
        dict.fromkeys(one.measure.number for one in without_application(facts, on) if one.verdict == "applies")
    )


def asked_of_banks(numbers: Iterable[int]) -> dict[int, str]:
    """Of the measures that apply to a need, those that a bank is asked for unasked, each with what it is asked (Chinese).

    Only a bank knows the enterprise's existing loan: it verifies the part's `to_verify`.
    """
    return {
        number: f"{part.term}免申即享（措施{measure(number).clause}）：企业无须申请，"
        f"请核实{'、'.join(part.to_verify)}，属实的主动落实"
        for number in numbers
        for part in measure(number).parts
        if part.promise.without_application
    }
