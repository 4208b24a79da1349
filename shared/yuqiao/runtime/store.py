"""What most stores answer alike."""

from collections.abc import Sequence

from yuqiao.runtime.messages import HeldTooLong, Message


def keys_of(messages: Sequence[Message]) -> list[tuple[str, ...]]:
    """Each message's own key; a held message's for HeldTooLong."""
    return [(m.message.key if isinstance(m, HeldTooLong) else m.key,) for m in messages]
