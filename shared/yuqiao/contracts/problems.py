"""Stand-in until the real one lands."""

import json

from pydantic import ValidationError

from yuqiao.contracts.values import Reason


class NotJson(ValueError):
    """Bytes that are not JSON."""

    def __init__(self, reason: Reason) -> None:
        """With its reason."""
        super().__init__(reason.text)
        self.reason = reason


def loads_strict(body: bytes) -> object:
    """Parse JSON."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise NotJson(Reason(code="not_json", text=str(error))) from None


def reasons_of(error: ValidationError) -> tuple[Reason, ...]:
    """Reasons."""
    return tuple(
        Reason(code="invalid", values={"field": ".".join(str(p) for p in e["loc"])}, text=e["msg"])
        for e in error.errors()
    )
