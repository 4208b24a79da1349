"""Checkers of the house's rules: each takes text and gives findings, so that each can be fed something bad."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PURE_FILES = {"domain.py", "book.py", "handlers.py"}
BAD_NAMES = {"utils", "helpers", "common", "misc", "util", "helper"}
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.monotonic",
    "random",
    "uuid4",
    "uuid7",
    "secrets",
    "urandom",
}
SQL_START = re.compile(
    r"^\s*(SELECT\s|INSERT INTO|UPDATE\s+\w+\s+SET|DELETE FROM|CREATE TABLE|ALTER TABLE|WITH \w+ AS)", re.IGNORECASE
)
_QUERY_NAME = re.compile(r"^-- name: (\w+)", re.MULTILINE)
REGISTRY_HOST = re.compile(
    r"https?://[^\s\"']*(pypi|pythonhosted|npmjs|crates\.io|maven|repo1|debian\.org|proxy\.golang)"
)


def python_files(*folders: str) -> list[Path]:
    """Every Python file of ours in these folders."""
    return sorted(p for f in folders for p in (ROOT / f).rglob("*.py") if "__pycache__" not in p.parts)


def too_long(name: str, text: str, lines: int = 400, function_lines: int = 60) -> Iterator[str]:
    """Files and functions that a reader cannot hold."""
    count = text.count("\n")
    if count > lines:
        yield f"{name}: {count} lines, at most {lines}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > function_lines:
                yield f"{name}:{node.lineno} {node.name} has {length} lines, at most {function_lines}"


def impure(name: str, text: str) -> Iterator[str]:
    """Clocks, randomness, drivers and asyncio where decisions are made."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute | ast.Name):
            said = ast.unparse(node)
            if said in CLOCKS or said.split(".")[-1] in {"uuid4", "uuid7", "urandom"}:
                yield f"{name}:{node.lineno} {said}: no clock and no randomness here"
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        for module in modules:
            if module.split(".")[0] in {"asyncio", "asyncpg", "aiokafka", "faststream", "time", "random", "secrets"}:
                yield f"{name}:{node.lineno} imports {module}: decisions are pure"


def sql_in_python(name: str, text: str) -> Iterator[str]:
    """Statements outside .sql files."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_START.match(node.value):
            yield f"{name}:{node.lineno} SQL belongs in a .sql file: {node.value.strip()[:40]}"


def bad_module_name(name: str) -> Iterator[str]:
    """Names that say nothing."""
    if Path(name).stem in BAD_NAMES or set(Path(name).parent.parts) & BAD_NAMES:
        yield f"{name}: a name that says nothing"


def stray_queries(sql: Mapping[str, str], code: Mapping[str, str]) -> Iterator[str]:
    """What code calls `Q.<name>` and no .sql file beside that Q has; queries that no code calls. Files by their names."""
    there = {(_package(f), query): f for f, text in sql.items() for query in _QUERY_NAME.findall(text)}
    called = {place: line for f, text in code.items() for place, line in _query_calls(f, text)}
    for (package, query), line in called.items():
        if (package, query) not in there:
            yield f"{line} Q.{query}: no .sql file of {package} has it"
    for (package, query), file in there.items():
        if (package, query) not in called:
            yield f"{file}: query {query} is dead"


def _package(file: str) -> str:
    return ".".join(Path(file.removeprefix("shared/")).parent.parts)


def _query_calls(file: str, text: str) -> Iterator[tuple[tuple[str, str], str]]:
    """((package whose queries they are, query), line) of every attribute of a Q that is made here or imported."""
    tree, of = ast.parse(text), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "Q":
            of["Q"] = _package(file)
        elif isinstance(node, ast.ImportFrom) and node.module:
            of |= {a.asname or "Q": node.module.rpartition(".")[0] for a in node.names if a.name == "Q"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in of:
            yield (of[node.value.id], node.attr), f"{file}:{node.lineno}"


def registry_hosts(name: str, text: str) -> Iterator[str]:
    """Hosts of package registries: a lock has versions and hashes, no addresses."""
    for number, line in enumerate(text.splitlines(), 1):
        if REGISTRY_HOST.search(line):
            yield f"{name}:{number} names a registry's host"


def undocumented(names: list[str], document: str) -> Iterator[str]:
    """Names (of metrics, alerts, errors …) that a document does not mention."""
    for name in names:
        if not re.search(rf"\b{re.escape(name)}\b", document):
            yield f"{name} is not documented"
