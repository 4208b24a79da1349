"""What documents derive from code equals it; what they link to is there."""

import re
from collections.abc import Iterator
from pathlib import Path

from deploy.topology import diagram
from tests.tidy.checks import ROOT

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
