"""The plan of a configuration in this folder, and where its results lie."""

import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from retable.plan.plan import Plan

ROOT = Path(__file__).parents[1]


def configured_plan(configuration: Path | None = None) -> Plan:
    """The plan of a configuration over the defaults; without one, that of the papers' own scale.

    Experiments, folds and files are the same wherever the clips come from, so that no folder with
    clips is asked for.
    """
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    if configuration is None:
        config["scale"] = "paper"
    else:
        config |= yaml.safe_load(configuration.read_text(encoding="utf-8"))
    config["corpora"] = {name: {"source": "simulated"} for name in config["corpora"]}
    return Plan.of(config, ROOT / "workflow")


def results_folder(plan: Plan) -> Path:
    """`results/<name>/<scale>`, relative to the root of the project."""
    return Path(plan.project.config.results) / plan.project.scale.scale
