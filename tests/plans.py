"""Plans of the repository's own papers, as they are and edited."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from repository import REPOSITORY, WORKFLOW
from retable.plan.plan import Plan

CONFIG = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))


ON_REQUEST = {name: {"source": f"https://mirror.example/{name}"} for name in ("savee", "utpodcast")}
"""A source, which nothing here reads, of the corpora that nobody may download."""


def plan_of(workflow: Path = WORKFLOW, **changes: Any) -> Plan:
    """The plan of config.yaml with some of its keys changed.

    At a scale with upstream's corpora, those that are given out on request have a mirror.
    """
    config = {**copy.deepcopy(CONFIG), **changes}
    if config["scale"] != "demo":
        config["corpora"] = CONFIG["corpora"] | ON_REQUEST | changes.get("corpora", {})
    return Plan.of(config, workflow)


def edited_plan(
    folder: Path, paper: str, edit: Callable[[dict[str, Any]], None], **changes: Any
) -> Plan:
    """The plan of a copy of the workflow after `edit` has changed the content of a paper.yaml."""
    workflow = folder / "workflow"
    for name in ("scales", "papers", "corpora", "weights"):
        shutil.copytree(WORKFLOW / name, workflow / name, dirs_exist_ok=True)
    path = workflow / "papers" / paper / "paper.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return plan_of(workflow, **changes)


def part_texts(plan: Plan) -> dict[tuple[str, str, str, str], str]:
    """(paper, experiment, variant, part) -> the text that makes its job run again."""
    return {
        (*key, part): plan.part(experiment, part).canonical()
        for key, experiment in plan.experiments.items()
        for part in plan.parts(experiment)
    }
