"""存量贷款银行 as people write it: which banks it names, and under which names one that is not registered is waited for."""

import re
import unicodedata
from collections.abc import Iterable

from services.intake.shelves import Bank
from yuqiao.runtime.messages import derived_id

_BETWEEN = re.compile("[、,;/|]")
_NOBODY = frozenset({"无", "没有", "暂无", "无贷款", "-", "--", "—", "——", "n", "na", "none"})


def lenders_in(text: str | None) -> tuple[str, ...]:
    """The names in a cell, as they are compared; 、 ， , ； ; / or | stands between them. Words for none name nobody."""
    return tuple(dict.fromkeys(name for name in _BETWEEN.split(_plain(text or "")) if name and name not in _NOBODY))


def lender_named(name: str, banks: Iterable[Bank]) -> Bank | None:
    """The registered bank with this code or name; None for another, and never a guess between two that are not switched off."""
    found = [bank for bank in banks if name in (_plain(bank.bank), _plain(bank.name))]
    found = [bank for bank in found if bank.enabled] or found
    return found[0] if len(found) == 1 else None


def unregistered(texts: Iterable[str | None], banks: Iterable[Bank]) -> dict[str, tuple[str, ...]]:
    """Of cells that name lenders those of which no registered bank has the code or name, each with these names."""
    known = _known(banks)
    found = {text: tuple(name for name in lenders_in(text) if name not in known) for text in texts if text}
    return {text: names for text, names in found.items() if names}


def unregistered_places(text: str | None, banks: Iterable[Bank]) -> tuple[int, ...]:
    """Of the names in a text, counted from 1, those that no registered bank has."""
    if not (names := lenders_in(text)):
        return ()
    known = _known(banks)
    return tuple(place for place, name in enumerate(names, 1) if name not in known)


def awaited(name: str) -> str:
    """What stands for a name where free text must not stand: a question waits for the bank that has it."""
    return derived_id("intake", "bank", name)


def awaited_as(bank: Bank) -> tuple[str, ...]:
    """What stands for this bank where a question waits for it."""
    return tuple(dict.fromkeys((awaited(_plain(bank.bank)), awaited(_plain(bank.name)))))


def _known(banks: Iterable[Bank]) -> set[str]:
    return {_plain(name) for bank in banks for name in (bank.bank, bank.name)}


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
