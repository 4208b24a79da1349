"""What crosses a wire: events, values, envelope. Pydantic only; nothing here knows how a service runs."""

from yuqiao.contracts import banks, cases, from_bank, matches, needs, offers, to_bank

__all__ = ["banks", "cases", "from_bank", "matches", "needs", "offers", "to_bank"]
