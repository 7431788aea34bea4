"""Prints accuracies of some experiments by fold, with what a run took, as Markdown."""

import argparse
import json
import platform
from pathlib import Path

import pandas as pd
from configured_plan import ROOT, configured_plan, results_folder

from retable.evaluation.scoring import POOLED, read_scores


def experiment_row(results: Path, paper: str, experiment: str) -> dict[str, str]:
    """Accuracy of clips by role and fold, of training samples in the last epoch, and durations."""
    scores = read_scores(results / "scores" / paper / f"{experiment}.tsv")
    chosen = scores[(scores["metric"] == "accuracy") & (scores["fold"] != POOLED)]
    by_role = {
        role: 100 * rows.sort_values("fold")["value"] for role, rows in chosen.groupby("role")
    }
    parts = sorted((results / "runs" / paper / experiment / "paper").glob("part*"))
    records = [
        record
        for part in parts
        for record in json.loads((part / "run.json").read_text(encoding="utf-8"))
    ]
    history = pd.concat([pd.read_csv(part / "history.tsv", sep="\t") for part in parts])
    last = history[history["epoch"] == history["epoch"].max()]
    trained = last[(last["role"] == "train") & (last["metric"] == "accuracy")]["value"]
    return {
        "experiment": experiment,
        "epochs": str(records[0]["epochs"]),
        "batch": str(records[0]["batch_size"]),
        "training clips": ", ".join(str(record["clips"][0]["train"]) for record in records),
        "training patches (%)": f"{100 * trained.mean():.1f}",
        **{
            f"{role} clips (%)": f"{values.mean():.1f} ({', '.join(f'{v:.1f}' for v in values)})"
            for role, values in sorted(by_role.items(), reverse=True)
        },
        "seconds a run": f"{sum(record['seconds'] for record in records) / len(records):.0f}",
    }


def processor_name() -> str:
    """The processor's own name where Linux tells it."""
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor()
    for line in information.read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main() -> None:
    """Prints the table for a configuration that was built."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configuration", type=Path, help="benchmarks/esc50-slice.yaml")
    parser.add_argument("paper", help="key of the paper, such as mixup_mtl")
    parser.add_argument("experiments", nargs="+", help="names of experiments that were scored")
    arguments = parser.parse_args()
    results = ROOT / results_folder(configured_plan(arguments.configuration))
    rows = [experiment_row(results, arguments.paper, name) for name in arguments.experiments]
    print(pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True))
    print(f"\nMeans over folds, in brackets each fold. {processor_name()}.")


if __name__ == "__main__":
    main()
