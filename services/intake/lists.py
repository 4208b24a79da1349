"""Versions of a list: what a file holds against what its list held before. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.intake.columns import Column
from services.intake.filing import Filing
from services.intake.identity import Keys, enterprise_id, private_digest
from services.intake.naming import unregistered
from services.intake.rows import number_in, parse_row
from services.intake.sheet import SheetRow
from services.intake.shelves import Bank, ListRow
from yuqiao.contracts.values import Reason
from yuqiao.runtime.messages import derived_id

MOST_PLACES = 10
"""So many banks at most are asked for a need of a list in `platform` and `race`."""
ROW_TAKEN = frozenset({"column_ignored", "lender_unknown"})
"""Codes of problems that are remarks: they refuse no row."""
_SHOWN = 20
_UNKNOWN_LENDER = "“{}”不是本系统登记的银行代码或名称：该行照常接收，待这家银行登记后才会核实免申即享；如系笔误请更正"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of one row (`row` counts as the file does, from 1); or odd, of a row that is taken."""

    row: int
    field: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be accepted. `row_key` names it from version to version, `digest` tells whether it changed."""

    row: int
    row_key: str
    enterprise: str
    digest: str
    filing: Filing

    @property
    def place(self) -> tuple[str, str]:
        """Row and enterprise: a row whose code was corrected is another enterprise's row."""
        return self.row_key, self.enterprise


@dataclass(slots=True)
class Reading:
    """What was read of a file. `named`: keys of refused rows that have a number; `unnamed`: whether others were refused."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    unnamed: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """A new version of a list against the one before."""

    added: list[Entry]
    changed: list[Entry]
    unchanged: list[tuple[Entry, ListRow]]
    removed: list[ListRow]


def list_id(client: str, name: str) -> str:
    """The id of a list through all its versions: whose it is and what it is called."""
    return derived_id("intake", "list", client, name)


def read_rows(rows: Iterable[SheetRow], places: Sequence[Column | None], keys: Keys) -> Reading:
    """Every row as an entry or as problems. Never raises for what stands in a row."""
    reading = Reading()
    seen: dict[str, int] = {}
    nth: Counter[tuple[str, str]] = Counter()
    for row in rows:
        filing = parse_row(row.cells, places, row.merged)
        if isinstance(filing, list):
            _refuse(reading, row, filing, _number_key(keys, number_in(row.cells, places)))
            continue
        enterprise = enterprise_id(keys, filing.private.uscc)
        key = _number_key(keys, filing.private.number)
        if key in seen:
            text = f"需求编号与第 {seen[key]} 行重复"
            _refuse(reading, row, [Reason(code="number_duplicate", values={"field": "需求编号"}, text=text)], key)
            continue
        if key:
            seen[key] = row.number
        else:
            nth[(enterprise, filing.statement.kind)] += 1
            key = f"kind/{filing.statement.kind}/{nth[(enterprise, filing.statement.kind)]}"
        digest = private_digest(keys, filing.model_dump_json())
        reading.entries.append(Entry(row.number, key, enterprise, digest, filing))
    return reading


def _number_key(keys: Keys, number: str | None) -> str:
    """A key of a row's own number. Keyed and hashed: somebody may have numbered rows by telephone."""
    return f"number/{private_digest(keys, 'number', number)[:20]}" if number else ""


def _refuse(reading: Reading, row: SheetRow, reasons: Iterable[Reason], key: str) -> None:
    reading.refused.add(row.number)
    reading.problems += [Problem(row.number, r.values.get("field", ""), r.code, r.text) for r in reasons]
    if key:
        reading.named.add(key)
    else:
        reading.unnamed = True


def remarks(entries: Iterable[Entry], banks: Iterable[Bank]) -> list[Problem]:
    """What is odd about rows that are taken all the same: a lender that is not registered, or is misspelt, is asked nothing."""
    lenders = [(entry.row, entry.filing.private.lender or "") for entry in entries]
    strange = unregistered((lender for _, lender in lenders), banks)
    return [
        Problem(row, "存量贷款银行", "lender_unknown", _UNKNOWN_LENDER.format(name[:_SHOWN]))
        for row, lender in lenders
        for name in strange.get(lender, ())
    ]


def compare(reading: Reading, known: Iterable[ListRow]) -> Difference:
    """What is new, other, the same and gone.

    A refused row keeps what its earlier version had. Rows without a number cannot be told from refused rows without one,
    so while there are such, none of them counts as gone.
    """
    before = {(row.row_key, row.enterprise): row for row in known}
    added = [e for e in reading.entries if e.place not in before]
    stays = [(e, before[e.place]) for e in reading.entries if e.place in before]
    here = {e.place for e in reading.entries}
    removed = [
        row
        for place, row in before.items()
        if place not in here
        and row.row_key not in reading.named
        and not (reading.unnamed and not row.row_key.startswith("number/"))
    ]
    return Difference(
        added=added,
        changed=[e for e, row in stays if e.digest != row.digest],
        unchanged=[(e, row) for e, row in stays if e.digest == row.digest],
        removed=removed,
    )
