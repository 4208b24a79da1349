"""Which fields of a bank's reply take a code of a closed list (data/codes.yaml).

Their contract takes any code, because it only grows; whether a code means something is judged, like a decline reason.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Protocol

from yuqiao.policy.states import known_codes, listed

LISTS: Mapping[str, tuple[str, str]] = {
    "reply.contact": ("method", "contact_method"),
    "reply.decision": ("guarantee_mode", "guarantee_mode"),
    "reply.issue": ("category", "issue_category"),
}
"""By wire type: the field, and the list of its codes."""


class Reply(Protocol):
    """Any reply of the contract."""

    wire_type: ClassVar[str]


def unknown_codes(reply: Reply) -> Iterator[tuple[str, str, str]]:
    """Field, value and what would be right (Chinese), where a code is in no list. What is left out is not wrong."""
    if found := LISTS.get(reply.wire_type):
        field, kind = found
        code = getattr(reply, field)
        if code is not None and code not in known_codes(kind):
            yield field, code, f"可用的有：{listed(kind)}"
