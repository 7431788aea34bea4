"""Prints, as Markdown, a paper's tables and what its runs took: for benchmarks/RESULTS.md."""

import argparse
import json
import platform
from pathlib import Path

import pandas as pd


def processor_name() -> str:
    """The processor's own name where Linux tells it."""
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor()
    for line in information.read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def runs_by_experiment(results: Path, paper: str) -> pd.DataFrame:
    """One row an experiment and variant: device, precision, epochs, clips, seconds a run."""
    records = [
        record
        for path in sorted((results / "runs" / paper).rglob("run.json"))
        for record in json.loads(path.read_text(encoding="utf-8"))
    ]
    table = pd.DataFrame(
        {
            "experiment": record["experiment"],
            "variant": record["variant"],
            "device": processor_name() if record["device"] == "cpu" else record["device"],
            "precision": record.get("precision", "-"),
            "epochs": record.get("epochs", "-"),
            "train clips": " + ".join(str(clips["train"]) for clips in record["clips"]),
            "seconds": record["seconds"],
        }
        for record in records
    )
    keys = [column for column in table.columns if column != "seconds"]
    grouped = table.groupby(keys, sort=False)["seconds"]
    return grouped.agg(runs="size", seconds_a_run="mean", seconds_in_all="sum").reset_index()


def main() -> None:
    """Prints the summary of the results folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="results/<scale>")
    parser.add_argument("paper", help="key of the paper, such as gresnets")
    arguments = parser.parse_args()
    for table in sorted((arguments.results / "tables" / arguments.paper).glob("table*.md")):
        print(table.read_text(encoding="utf-8"))
    runs = runs_by_experiment(arguments.results, arguments.paper)
    print(runs.round(1).to_markdown(index=False))


if __name__ == "__main__":
    main()
