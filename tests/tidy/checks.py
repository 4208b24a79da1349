"""Checkers of the house's rules: each takes text and gives findings, so that each can be fed something bad."""

import ast
import re
from collections.abc import Iterator
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


def unused_queries(name: str, sql: str, code: str) -> Iterator[str]:
    """Queries that no code names."""
    for query in re.findall(r"^-- name: (\w+)", sql, re.MULTILINE):
        if not re.search(rf"\b\w+\.{query}\b", code):
            yield f"{name}: query {query} is dead"


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
