"""The shape of the code: which way imports point, and what rules may know."""

import ast
import re
import sys
from pathlib import Path

import pytest
import yaml

from repository import REPOSITORY, WORKFLOW

PACKAGE = WORKFLOW / "retable"

LAYERS = [
    {"errors"},
    {"spec", "logs", "tsv", "json_files", "verified_task", "checksums", "sources"},
    {"digest", "registry", "download"},
    {"corpora", "audio"},
    {"features", "splits", "models", "weights"},
    {"configuration"},
    {"plan"},
    {"evaluation"},
    {"training"},
    {"baselines"},
    {"tables"},
    {"figures"},
    {"checks", "page"},
]
"""From the bottom up: a part imports from its own layer's part and from layers below."""


def part_of(module: str) -> str:
    return module.split(".")[1]


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def imported_parts(path: Path) -> set[str]:
    parts = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("retable."):
            parts.add(part_of(str(node.module)))
        if isinstance(node, ast.Import):
            parts |= {part_of(a.name) for a in node.names if a.name.startswith("retable.")}
    return parts


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    own = part_of("retable." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts))
    rank = {part: level for level, layer in enumerate(LAYERS) for part in layer}
    upward = {part for part in imported_parts(path) - {own} if rank[part] >= rank[own]}
    assert not upward, f"{own} may not import {upward}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_package_never_imports_snakemake(path):
    assert not re.search(r"^\s*(import|from) snakemake", path.read_text(encoding="utf-8"), re.M)


def test_no_rule_or_script_names_a_paper_or_a_corpus():
    papers = [path.name for path in (WORKFLOW / "papers").iterdir()]
    corpora = [path.stem for path in (WORKFLOW / "corpora").glob("*.yaml")]
    assert papers and corpora
    files = [
        REPOSITORY / "Snakefile",
        *(WORKFLOW / "rules").glob("*.smk"),
        *(WORKFLOW / "scripts").glob("*.py"),
    ]
    for path in files:
        text = path.read_text(encoding="utf-8")
        for name in (*papers, *corpora):
            assert name not in text, f"{path.name} names {name}"


def test_scripts_are_thin():
    for path in (WORKFLOW / "scripts").glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 40, f"{path.name} has {len(lines)} lines"
        assert not re.search(r"^\s*(def|class) ", "\n".join(lines), re.M), path.name


def test_files_stay_readable():
    for path in (*modules(), *(WORKFLOW / "rules").glob("*.smk")):
        count = len(path.read_text(encoding="utf-8").splitlines())
        assert count <= 320, f"{path.relative_to(REPOSITORY)} has {count} lines"


def test_every_registered_name_leads_to_code():
    from retable import registry

    for name in ("FEATURES", "MODELS", "BASELINES", "FIGURES", "CORPORA", "TWINS"):
        entries = getattr(registry, name)
        assert entries
        for key in entries:
            assert registry.load(entries, key) is not None


def test_conda_environment_has_the_pins_of_the_lock():
    sys.path.insert(0, str(REPOSITORY / "envs"))
    try:
        from conda_environment import conda_environment, pinned_requirements
    finally:
        sys.path.pop(0)
    lock = (REPOSITORY / "envs" / "retable.lock").read_text(encoding="utf-8")
    written = (REPOSITORY / "envs" / "retable.yaml").read_text(encoding="utf-8")
    assert written == conda_environment(lock)
    environment = yaml.safe_load(written)
    assert environment["dependencies"][-1]["pip"] == [
        pin.replace("'", '"') for pin in pinned_requirements(lock)
    ]
    assert "torch==2.11.0" in environment["dependencies"][-1]["pip"]


def test_locks_hold_hashes_and_no_address():
    for name in ("retable.lock", "test.lock"):
        text = (REPOSITORY / "envs" / name).read_text(encoding="utf-8")
        pins = re.findall(r"^[a-z0-9].*==", text, re.M)
        assert pins and text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
