"""Every number that the five papers print has exactly one counterpart in what the demo builds."""

from pathlib import Path

import pandas as pd
import pytest

from built_tables import paper_table, printed_numbers
from repository import WORKFLOW

PAPERS = WORKFLOW / "papers"

PRINTED = {
    "gresnets": 188,
    "cabcnn": 164,
    "mixup_mtl": 67,
    "densenet_ser": 32,
    "vggvox_mtl": 115,
}
"""Paper -> how many numbers it prints."""
GUESS = ("text", "random classifier", "emotion", "accuracy")
"""A result that follows from the number of classes, whatever the audio."""
KEY = ["table", "row", "column", "metric"]


def counterparts(results: Path, paper: str) -> pd.DataFrame:
    """The lines of all tables of a paper that stand for a printed number, by `KEY`."""
    folder = results / "tables" / paper
    tables = {path.stem: paper_table(results, paper, path.stem) for path in folder.glob("*.tsv")}
    lines = pd.concat(
        lines.assign(table="text" if name == "settings" else name.removeprefix("table"))
        for name, lines in tables.items()
    )
    lines = lines[(lines["variant"] == "paper") & (lines["kind"] != "extra")]
    return lines.set_index(KEY)


def test_the_five_papers_print_566_numbers():
    counts = {path.name: len(printed_numbers(path.name)) for path in PAPERS.iterdir()}
    assert counts == PRINTED
    assert sum(counts.values()) == 566


@pytest.mark.parametrize("paper", PRINTED)
def test_every_printed_number_has_exactly_one_counterpart(results, paper):
    printed, built = printed_numbers(paper).set_index(KEY), counterparts(results, paper)
    missing = sorted(set(printed.index) - set(built.index))
    assert not missing, f"no counterpart of {missing}"
    assert not built.index.has_duplicates, f"twice: {built.index[built.index.duplicated()]}"
    assert built["published"].to_dict() == printed["value"].to_dict()
    reproduced = built[built["verdict"] != "cited"]
    assert set(built.loc[built["verdict"] == "cited", "kind"]) <= {"cited"}
    without = reproduced.index[reproduced["reproduced"] == ""]
    assert without.empty, f"nothing is reproduced for {list(without)}"


@pytest.mark.parametrize("paper", PRINTED)
def test_no_result_on_simulated_audio_is_judged(results, paper):
    built = counterparts(results, paper)
    of_audio = built[(built["kind"] == "result") & ~built.index.isin([GUESS])]
    assert of_audio["verdict"].str.startswith("not comparable").all()
