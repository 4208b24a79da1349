"""Imports keep their directions; each contract is seen to be broken in a copy of the tree."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.tidy.checks import ROOT, python_files

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
WRONG = {
    "contracts stand alone; policy, runtime and bank stand on contracts": ("shared/yuqiao/contracts", "yuqiao.policy"),
    "services never import each other": ("services/intake", "services.feedback.domain"),
    "every service has the same anatomy": ("services/matching/domain.py", "services.matching.book"),
    "decisions know no store and no door": ("services/feedback/handlers.py", "services.feedback.store"),
    "drivers are imported inside runtime, bank and deploy alone": ("services/notification/domain.py", "aiokafka"),
}
"""Where an import is put that breaks the contract."""


def lint(tree: Path) -> str:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    env = {"PYTHONPATH": f"{tree}:{tree / 'shared'}", "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False).stdout


def test_imports_keep_their_directions() -> None:
    said = lint(ROOT)
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in said, said[-3000:]


def test_every_contract_is_seen_broken(tmp_path: Path) -> None:
    assert set(WRONG) == {contract["name"] for contract in CONTRACTS}
    for path in python_files("shared", "services", "deploy"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for place, module in WRONG.values():
        file = tmp_path / place if place.endswith(".py") else tmp_path / place / "intruder.py"
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        file.write_text(f"{before}\nimport {module}\n", encoding="utf-8")
    said = lint(tmp_path)
    assert [name for name in WRONG if f"{name} BROKEN" not in said] == [], said[-3000:]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["name"])
def test_what_a_contract_speaks_of_is_there(contract: dict[str, object]) -> None:
    """A module that has been renamed would be guarded no more."""
    for key in ("modules", "source_modules", "containers"):
        for module in contract.get(key, []):  # type: ignore[attr-defined]  # TOML has no types
            pattern = module.replace(".", "/")
            roots = [ROOT, ROOT / "shared"]
            assert any([*root.glob(pattern), *root.glob(f"{pattern}.py")] for root in roots), module
