"""What an operator asks of the bank register."""

from services.notification.domain import Bank
from yuqiao.runtime.messages import Command


class RegisterBank(Command):
    """Enter a bank, or change its entry."""

    key_field = "bank"
    bank: str
    entry: Bank


class DisableBank(Command):
    """Switch a bank off."""

    key_field = "bank"
    bank: str
    reason: str
