"""The demo of transfer: four corpora under one label map, weights from scratch, an ensemble."""

import json
from pathlib import Path

import pandas as pd
import pytest

from built_tables import built_table, paper_table

PAPER = "densenet_ser"
KEYS = ["row", "column", "metric"]
SCRATCH = "From scratch, without ImageNet weights"
EXTRA = {
    "class_data": [],
    "all_data": ["savee-all", "tess-all", "crema_d-all"],
    "256_without_crema_d": ["savee-all", "tess-all"],
}


@pytest.fixture(scope="module")
def table(results: Path) -> pd.DataFrame:
    return paper_table(results, PAPER, "tableI")


@pytest.fixture(scope="module")
def clips(results: Path) -> dict[str, pd.DataFrame]:
    """Dataset -> its clips."""
    names = ("ravdess-speech", "savee-all", "tess-all", "crema_d-all")
    return {name: built_table(results, f"datasets/{name}.tsv") for name in names}


def roles(results: Path, split: str) -> pd.DataFrame:
    return built_table(results, f"splits/{PAPER}/ravdess-speech/{split}/roles.tsv")


def run_records(results: Path, experiment: str, variant: str = "paper") -> list[dict]:
    path = results / "runs" / PAPER / experiment / variant / "part0" / "run.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_no_result_of_an_analogue_is_judged(results, table):
    results_of_text = paper_table(results, PAPER, "text")
    for lines in (table, results_of_text):
        judged = lines[lines["published"] != ""]
        assert judged["verdict"].str.startswith("not comparable").all()
    for name in ("tableI.md", "tableI.tex", "text.md"):
        text = (results / "tables" / PAPER / name).read_text(encoding="utf-8")
        assert "analogue" in text and "RAVDESS stands in for it" in text


def test_corpora_share_one_set_of_emotions(results, clips):
    emotions = set(clips["ravdess-speech"]["emotion"])
    assert len(emotions) == 8
    assert set(clips["savee-all"]["emotion"]) == emotions - {"calm"}
    assert set(clips["tess-all"]["emotion"]) == emotions - {"calm"}
    assert set(clips["crema_d-all"]["emotion"]) == emotions - {"calm", "surprised"}
    manifest = built_table(results, "corpora/crema_d/manifest.tsv")
    assert set(manifest["emotion"]) == {"ANG", "DIS", "FEA", "HAP", "NEU", "SAD"}


@pytest.mark.parametrize("split", EXTRA)
def test_extra_clips_only_train(results, clips, split):
    table = roles(results, split)
    held_out = set(table.loc[table["role"] == "test", "clip_id"])
    trained = set(table.loc[table["role"] == "train", "clip_id"])
    own = set(clips["ravdess-speech"]["clip_id"])
    assert held_out < own and held_out | (trained & own) == own
    assert 0.19 < len(held_out) / len(own) < 0.23
    drawn = {name: len(trained & set(clips[name]["clip_id"])) for name in clips}
    for name in ("savee-all", "tess-all", "crema_d-all"):
        all_of_it = len(clips[name]) if split == "all_data" else 40
        assert drawn[name] == (all_of_it if name in EXTRA[split] else 0)


def test_every_run_says_that_it_starts_from_scratch(results):
    for experiment in ("HE-NET-ALEXNET", "HE-NET-SQUEEZENET", "HE-DATA-ALL", "HE-SINGLE"):
        (record,) = run_records(results, experiment)
        assert record["initial_weights"] == "from scratch"
    note = (results / "tables" / PAPER / "tableI.md").read_text(encoding="utf-8")
    assert f"{SCRATCH}: densenet161" in note
    assert SCRATCH in (results / "index.html").read_text(encoding="utf-8")


def test_a_run_on_several_corpora_names_them_all(results):
    (record,) = run_records(results, "HE-DATA-ALL")
    named = {corpus["dataset"]: corpus["source"] for corpus in record["corpora"]}
    assert named == dict.fromkeys(
        ["ravdess-speech", "savee-all", "tess-all", "crema_d-all"], "simulated"
    )


def test_schedules_and_losses_are_recorded(results):
    settings = paper_table(results, PAPER, "settings").set_index(KEYS)
    assert settings.loc[("training", "step factor", "final"), "verdict"] == "as printed"
    constant = run_records(results, "HE-LR-CONSTANT")[0]["optimizer"]
    assert constant["schedule"]["kind"] == "constant"
    assert constant["final_learning_rate"] == constant["initial_learning_rate"]
    histories = {
        name: built_table(results, f"runs/{PAPER}/{name}/paper/part0/history.tsv")
        for name in ("HE-SINGLE", "HE-LOSS-HINGE")
    }
    losses = {
        name: history.query("metric == 'loss'")["value"].astype(float).tolist()
        for name, history in histories.items()
    }
    assert losses["HE-SINGLE"] != losses["HE-LOSS-HINGE"]


def test_the_ensemble_is_held_against_its_members(results, table):
    own = table[(table["variant"] == "paper") & (table["kind"] == "extra")].set_index("row")
    members, ensemble = (
        own.loc["tuned, members of the ensemble"],
        own.loc["tuned, ensemble of four"],
    )
    assert float(members["sd"]) >= 0 and ensemble["sd"] == ""
    sizes = built_table(results, f"fusions/{PAPER}/HE-ENSEMBLE/paper/sizes.tsv").astype(float)
    by_number = 100 * sizes.groupby("n")["accuracy"].mean()
    assert list(by_number.index) == [1, 2, 3, 4]
    assert float(ensemble["reproduced"]) == pytest.approx(by_number[4], abs=0.051)
    gain = paper_table(results, PAPER, "text").set_index("row").loc["ensemble vs single"]
    single = float(own.loc["the same, tuned", "reproduced"])
    assert float(gain["reproduced"]) == pytest.approx(
        float(ensemble["reproduced"]) - single, abs=0.11
    )


def test_actors_are_apart_in_the_clean_split(results, table):
    checks = built_table(results, "checks.tsv").set_index(["check", "subject"])["result"]
    subject = f"{PAPER}, {{}} of ravdess-speech"
    assert checks["leakage of speakers", subject.format("unseen_actors")] == "passed"
    assert checks["leakage of speakers", subject.format("class_data")] == "allowed"
    clean = table[table["variant"] == "clean"]
    assert set(clean["row"]) >= {"the same, tuned"}
    assert (clean["reproduced"] != "").all()


def test_emotions_are_recognised_above_chance(table, clips):
    largest_class = 100 * clips["ravdess-speech"]["emotion"].value_counts(normalize=True).iloc[0]
    own = table[table["variant"] == "paper"].set_index("row")["reproduced"].astype(float)
    assert own["All data excluding CREMA-D"] > largest_class + 10
    assert own["tuned, ensemble of four"] > largest_class + 10


def test_durations_and_odd_clips_are_listed(results, clips):
    corpora = built_table(results, "corpora.tsv").set_index("corpus")
    seconds = clips["crema_d-all"]["duration_s"].astype(float)
    assert float(corpora.loc["crema_d", "mean_s"]) == pytest.approx(seconds.mean(), abs=0.011)
    assert corpora.loc["tess", "sample_rates"] == "24414, 96000"
    settings = paper_table(results, PAPER, "settings").set_index(["row", "column"])
    claimed = settings.loc[("corpus", "CREMA-D clip length")]
    assert claimed["published"] == "2"
    assert float(claimed["reproduced"]) == pytest.approx(seconds.mean(), abs=0.011)
    odd = built_table(results, "odd_clips.tsv")
    handled = {Path(path).stem: how for path, how in zip(odd["path"], odd["handled"], strict=True)}
    assert {name: handled.get(name) for name in (
        "OA_bite_neutral", "OAF_food_fear", "YAF_germ_angry", "YAF_neat_fear",
        "1040_ITH_SAD_X", "1076_MTI_SAD_XX",
    )} == {
        "OA_bite_neutral": "kept", "OAF_food_fear": "kept", "YAF_germ_angry": "kept",
        "YAF_neat_fear": "kept", "1040_ITH_SAD_X": "kept", "1076_MTI_SAD_XX": "rejected",
    }  # fmt: skip
