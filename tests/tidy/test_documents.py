"""What documents derive from code equals it; what they link to is there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from deploy.topology import diagram
from tests.tidy.checks import ROOT
from yuqiao.contracts import schemas
from yuqiao.contracts.base import BankEvent
from yuqiao.contracts.schemas import wire_types

EXAMPLES = Path(schemas.__file__).parent / "examples" / "v1"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def dead_links(path: Path, text: str) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        if not (path.parent / target).exists():
            yield f"{path.name} links to {target}, which is not there"


def test_the_architectures_diagram_is_what_runs() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = text.split("<!-- topology -->")[1].split("<!-- /topology -->")[0]
    assert drawn.strip() == f"```mermaid\n{diagram()}\n```"


def test_every_link_leads_somewhere() -> None:
    assert [f for p in DOCUMENTS for f in dead_links(p, p.read_text(encoding="utf-8"))] == []


def test_a_dead_link_is_found() -> None:
    assert list(dead_links(ROOT / "README.md", "see [this](docs/nowhere.md)"))


def test_the_banks_guide_shows_each_event_as_it_is() -> None:
    """Every type of a bank's topics, its fields those of its golden example, readable as what it is."""
    guide = (ROOT / "docs" / "bank-guide.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^([a-z]+(?:\.[a-z]+)?) +(\{.*\})$", guide, re.MULTILINE))
    kinds = {name: kind for name, kind in wire_types().items() if issubclass(kind, BankEvent)}
    assert set(shown) == set(kinds)
    for name, text in shown.items():
        example = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))["body"]
        assert list(json.loads(text)) == list(example), name
        kinds[name].from_json(text.encode())
