"""`yuqiao.banks.v1`, keyed by bank, compacted, written by notification: the bank register."""

from typing import ClassVar, Literal

from yuqiao.contracts import streams
from yuqiao.contracts.base import StreamEvent
from yuqiao.contracts.values import BankId, Code

BankKind = Literal["state_owned", "joint_stock", "city", "rural", "village"] | Code


class BankRegisterEvent(StreamEvent):
    """An event about one bank. Each carries the whole entry, so that the compacted stream is the register."""

    stream = streams.BANKS
    key_field: ClassVar[str] = "bank"
    bank: BankId
    name: str
    kind: BankKind
    local_legal_entity: bool
    daily_quota: int
    key_id: str
    public_key: str
    """The bank's public key, EC P-256, PEM."""


class BankRegistered(BankRegisterEvent):
    """A bank may be offered needs from now on."""

    wire_type = "bank.registered"


class BankChanged(BankRegisterEvent):
    """A bank's entry changed (name, quota, key), or a disabled bank was switched on again."""

    wire_type = "bank.changed"


class BankDisabled(BankRegisterEvent):
    """A bank gets no new offers until it is changed back."""

    wire_type = "bank.disabled"
    reason: str
