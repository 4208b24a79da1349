"""One import of a list, from the file to the report. What it had done before an interruption it does not do again."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256

from services.intake.columns import is_header_row, understand
from services.intake.commands import FileReport, OpenVersion, RegisterNeed, RemoveRow, RowRef
from services.intake.identity import Keys
from services.intake.lists import Difference, Entry, Problem, Reading, compare, list_id, read_rows, remarks
from services.intake.notes import RowTaken
from services.intake.sheet import Table, read_table
from services.intake.shelves import Bank, ListRow, NeedList
from services.intake.store import Q
from yuqiao.contracts.values import Routing
from yuqiao.runtime.gateway import Gateway, Outcome
from yuqiao.runtime.messages import Command, Refused, derived_id

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent: by whom, the list's name, how its needs are to be spread (to how many banks), the file's bytes."""

    client: str
    name: str
    mode: str
    content: bytes
    dry_run: bool = False
    places: int = 3

    @property
    def list_id(self) -> str:
        """The list's id through all its versions."""
        return list_id(self.client, self.name)


@dataclass(slots=True)
class Result:
    """What an import did, or (dry run) would do. `rows` counts what is not blank below the header."""

    list_id: str
    version: int
    dry_run: bool
    rows: int
    accepted: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)

    def count(self, difference: Difference, refused: int) -> None:
        """Take the numbers of a difference."""
        self.added, self.changed = len(difference.added), len(difference.changed)
        self.unchanged, self.removed = len(difference.unchanged), len(difference.removed)
        self.refused = refused
        self.accepted = self.added + self.changed + self.unchanged


async def import_list(gateway: Gateway, keys: Keys, upload: Upload) -> Result:
    """Read, compare with the version before, register, revise and remove. Raises Refused when the file cannot be read."""
    table, reading, ignored, digest = await asyncio.to_thread(_read, upload, keys)
    known, rows, banks = await _known(gateway, upload.list_id)
    difference = compare(reading, rows)
    again = known is not None and known.file_digest == digest
    version = (known.version if known else 0) + (not again)
    result = Result(upload.list_id, version, upload.dry_run, len(table.rows))
    if not upload.dry_run:
        if not again:
            await gateway.submit(_opening(upload, version, digest))
        needs = await _carry_out(gateway, upload, difference, version, reading)
    refused = reading.refused
    difference = _accepted(difference, refused)
    result.count(difference, len(refused))
    taken = [entry for entry in reading.entries if entry.row not in refused]
    result.problems = sorted(ignored + reading.problems, key=lambda p: p.row) + remarks(taken, banks)
    if not upload.dry_run:
        needs |= {entry.row: row.need for entry, row in difference.unchanged}
        await gateway.submit(await asyncio.to_thread(_report, result, table, needs))
    return result


def _read(upload: Upload, keys: Keys) -> tuple[Table, Reading, list[Problem], str]:
    table = read_table(upload.content, is_header_row)
    places, ignored = understand(table.header)
    notices = [Problem(0, reason.values["field"], reason.code, reason.text) for reason in ignored]
    return table, read_rows(table.rows, places, keys), notices, sha256(upload.content).hexdigest()


async def _known(gateway: Gateway, id: str) -> tuple[NeedList | None, list[ListRow], list[Bank]]:
    async with gateway.reading() as conn:
        (found,) = await conn.fetch(Q.list_by_id, id) or (None,)
        rows = [ListRow.model_validate_json(r["body"]) for r in await conn.fetch(Q.rows_of_list, id)]
        banks = [Bank.model_validate_json(r["body"]) for r in await conn.fetch(Q.load_banks)]
    return (NeedList.model_validate_json(found["body"]) if found else None), rows, banks


def _opening(upload: Upload, version: int, digest: str) -> OpenVersion:
    return OpenVersion(
        id=derived_id("intake", "list-version", upload.list_id, version, digest),
        list_id=upload.list_id,
        version=version,
        name=upload.name,
        client=upload.client,
        file_digest=digest,
    )


async def _carry_out(
    gateway: Gateway, upload: Upload, difference: Difference, version: int, reading: Reading
) -> dict[int, str]:
    """Submit what changed; what is refused now joins the problems. Returns the need of each row that was taken."""
    entries = difference.added + difference.changed
    commands = [_command(upload, entry, version) for entry in entries]
    needs: dict[int, str] = {}
    for entry, outcome in zip(entries, await _submit(gateway, commands), strict=True):
        if isinstance(outcome, Outcome):
            needs |= {event.row: event.need for event in outcome.events if isinstance(event, RowTaken)}
        else:
            reading.refused.add(entry.row)
            reading.problems.append(Problem(entry.row, "", outcome.code, outcome.text))
    removals = [_removal(upload.list_id, row, version) for row in difference.removed]
    await _submit(gateway, removals)
    return needs


async def _submit(gateway: Gateway, commands: Sequence[Command]) -> list[Outcome | Refused]:
    """In chunks. Raises what is no refusal of one row; then the import can simply be repeated."""
    outcomes: list[Outcome | Refused] = []
    for start in range(0, len(commands), CHUNK):
        for outcome in await gateway.submit_all(commands[start : start + CHUNK]):
            if isinstance(outcome, Refused) and outcome.status == 503:
                raise outcome
            if not isinstance(outcome, Outcome | Refused):
                raise outcome
            outcomes.append(outcome)
    return outcomes


def _command(upload: Upload, entry: Entry, version: int) -> RegisterNeed:
    banks = entry.filing.banks
    mode = "platform" if upload.mode == "named" and not banks else upload.mode
    name = entry.filing.private.number or f"{entry.enterprise}/{entry.row_key}"
    return RegisterNeed(
        id=derived_id("intake", "row", upload.list_id, version, name),
        enterprise=entry.enterprise,
        channel=entry.filing.channel,
        client=upload.client,
        statement=entry.filing.statement,
        private=entry.filing.private,
        routing=Routing(mode=mode, banks=banks, places=upload.places),
        batched=True,
        consent=entry.filing.consent,
        row=RowRef(list_id=upload.list_id, version=version, row=entry.row, row_key=entry.row_key, digest=entry.digest),
    )


def _removal(id: str, row: ListRow, version: int) -> RemoveRow:
    return RemoveRow(
        id=derived_id("intake", "row-removed", id, version, row.row_key, row.enterprise),
        enterprise=row.enterprise,
        list_id=id,
        version=version,
        row_key=row.row_key,
        need=row.need,
    )


def _accepted(difference: Difference, refused: set[int]) -> Difference:
    return Difference(
        [e for e in difference.added if e.row not in refused],
        [e for e in difference.changed if e.row not in refused],
        difference.unchanged,
        difference.removed,
    )


def _report(result: Result, table: Table, needs: dict[int, str]) -> FileReport:
    """The annotated list: header, and per row its number, cells and need."""
    rows = [[row.number, row.cells, needs.get(row.number)] for row in table.rows]
    body = json.dumps({"result": asdict(result), "header": table.header, "rows": rows}, ensure_ascii=False)
    return FileReport(
        id=derived_id("intake", "list-report", result.list_id, result.version, sha256(body.encode()).hexdigest()),
        list_id=result.list_id,
        version=result.version,
        accepted=result.accepted,
        refused=result.refused,
        body=body,
    )
