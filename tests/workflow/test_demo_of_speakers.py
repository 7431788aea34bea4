"""The demo of emotion and speaker: actors apart, pairs of clips, a table read from the network."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from built_tables import built_table, paper_table, printed_numbers
from repository import WORKFLOW

PAPER = "vggvox_mtl"
KEYS = ["row", "column", "metric"]
NETWORKS = ("SC-SPK-A", "SC-MTL-A", "SC-SPK-B", "SC-MTL-B")


@pytest.fixture(scope="module")
def actors(results: Path) -> pd.Series:
    """Role of each actor of the twin."""
    roles = built_table(results, f"splits/{PAPER}/crema_d-emotion_speaker/actors/roles.tsv")
    clips = built_table(results, "datasets/crema_d-emotion_speaker.tsv")
    of_actors = clips.merge(roles, on="clip_id").groupby("speaker")["role"]
    assert (of_actors.nunique() == 1).all()
    return of_actors.first()


def runs_of(results: Path, verification: str, variant: str) -> pd.DataFrame:
    return built_table(results, f"verifications/{PAPER}/{verification}/{variant}/runs.tsv")


def pairs_of(results: Path, verification: str, variant: str) -> pd.DataFrame:
    path = results / "verifications" / PAPER / verification / variant / "predictions.parquet"
    return pq.read_table(path).to_pandas()


def test_no_actor_is_on_two_sides(results, actors):
    frozen = pd.read_csv(WORKFLOW / "papers" / PAPER / "actors.tsv", sep="\t", dtype=str).set_index(
        "speaker"
    )["role"]
    assert dict(actors) == dict(frozen[actors.index])
    assert set(actors) == {"train", "test"}


def test_the_silent_clip_is_counted_as_upstream_lists_it(results):
    counts = paper_table(results, PAPER, "table2").set_index(["row", "column"])["reproduced"]
    used = built_table(results, "datasets/crema_d-emotion_speaker.tsv")
    rejected = built_table(results, "datasets/crema_d-emotion_speaker-rejected.tsv")
    assert list(rejected["clip_id"]) == ["1076_MTI_SAD_XX"]
    assert int(counts["Clips", "Train"]) + int(counts["Clips", "Test"]) == len(used) + 1


def test_the_table_of_layers_is_the_network_that_was_trained(results):
    """The demo's is smaller: its kernels and strides are the paper's, its filters are not."""
    table = paper_table(results, PAPER, "table1").set_index(["row", "column"])
    same = table["published"] == table["reproduced"]
    assert same[:, "stride"].all()
    assert list(same[:, "support"][~same[:, "support"]].index) == ["fc6", "apool6"]
    assert not same["conv1", "n_filt"]
    assert table.loc[("fc8_2", "n_filt"), "reproduced"] == "91"


@pytest.mark.parametrize("row", ["EMO", "MTL"])
def test_every_recall_is_that_of_the_confusions(results, row):
    table = paper_table(results, PAPER, "table3").set_index(["row", "column"])["reproduced"]
    counts = built_table(results, f"scores/{PAPER}/SC-{row}-A-confusion.tsv")
    counts = counts[(counts["role"] == "test") & (counts["task"] == "emotion")]
    counts = counts.astype({"n": int})
    hits = counts[counts["target"] == counts["predicted"]].set_index(["target", "repeat"])["n"]
    recalls = 100 * hits / counts.groupby(["target", "repeat"])["n"].sum()
    for emotion, recall in recalls.groupby("target").mean().items():
        assert float(table[row, emotion]) == pytest.approx(recall, abs=0.051)


def test_gains_stand_beside_those_that_follow_from_the_printed_accuracies(results):
    printed = printed_numbers(PAPER).query("table == '3'")
    printed = printed.set_index(["row", "column"])["value"].astype(float)
    table = paper_table(results, PAPER, "table3").set_index(["row", "column"])["reproduced"]
    for column in ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD", "TOTAL"):
        gain = 100 * (printed["MTL", column] / printed["EMO", column] - 1)
        follows = float(table["+, from the printed accuracies", column])
        assert follows == pytest.approx(gain, abs=0.051)
    assert float(table["+, from the printed accuracies", "DIS"]) != printed["+", "DIS"]


@pytest.mark.parametrize("variant", ["paper", "clean"])
def test_all_networks_are_asked_about_the_same_balanced_pairs_of_unheard_actors(
    results, actors, variant
):
    asked = {}
    for network in NETWORKS:
        pairs = pairs_of(results, network.replace("SC-", "SC-SAME-"), variant)
        asked[network] = pairs.groupby("repeat")["clip_id"].agg(frozenset).tolist()
        assert (pairs.groupby("repeat")["target"].value_counts() == 100).all()
    paper = pairs_of(results, "SC-SAME-SPK-A", "paper").groupby("repeat")["clip_id"]
    of_all = {pairs for of_network in asked.values() for pairs in of_network}
    assert of_all == {frozenset(paper.get_group(0))}
    clips = {clip for pair in asked["SC-SPK-A"][0] for clip in pair.split("|")}
    assert {actors[clip[:4]] for clip in clips} == {"test"}


@pytest.mark.parametrize("network", NETWORKS)
def test_two_clips_are_of_one_speaker_where_both_are_taken_for_the_same(results, network):
    parts = results / "runs" / PAPER / network / "paper" / "part0" / "predictions.parquet"
    rows = pq.read_table(parts).to_pandas().query("task == 'speaker' and role == 'test'")
    taken = rows.assign(best=rows["scores"].map(lambda scores: scores.argmax()))
    taken = taken.set_index(["repeat", "clip_id"])["best"]
    pairs = pairs_of(results, network.replace("SC-", "SC-SAME-"), "paper")
    first, second = pairs["clip_id"].str.split("|", expand=True).to_numpy().T
    same = [
        taken[repeat, one] == taken[repeat, other]
        for repeat, one, other in zip(pairs["repeat"], first, second, strict=True)
    ]
    assert (pairs["scores"].map(lambda scores: scores[1] == 1) == same).all()


def test_two_clips_are_of_one_speaker_where_their_embeddings_point_the_same_way(results):
    parts = results / "runs" / PAPER / "SC-SPK-A" / "paper" / "part0" / "embeddings.parquet"
    rows = pq.read_table(parts).to_pandas().set_index(["repeat", "clip_id"])["embedding"]
    pairs = pairs_of(results, "SC-SAME-SPK-A", "clean")
    thresholds = runs_of(results, "SC-SAME-SPK-A", "clean").set_index("repeat")["threshold"]
    for repeat, clip_id, scores in pairs[["repeat", "clip_id", "scores"]].itertuples(index=False):
        one, other = (rows[repeat, clip] for clip in clip_id.split("|"))
        cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
        margin = cosine - float(thresholds[str(repeat)])
        assert scores[1] == pytest.approx(1 / (1 + np.exp(-margin)), abs=1e-5)


def test_what_is_said_of_a_run_is_what_its_pairs_say(results):
    runs = runs_of(results, "SC-SAME-SPK-A", "clean").astype(float)
    pairs = pairs_of(results, "SC-SAME-SPK-A", "clean")
    for run in runs.itertuples():
        own = pairs[pairs["repeat"] == run.repeat]
        scores, same = own["scores"].map(lambda both: both[1]), own["target"] == "same"
        assert run.auc == pytest.approx(roc_auc_score(same, scores), abs=1e-3)
        assert run.accuracy == pytest.approx(((scores > 0.5) == same).mean())
        # At the rate of equal errors, as many are wrong whatever the share of each kind.
        wrong = [((scores >= cut) != same).mean() for cut in sorted(scores)]
        assert min(wrong) - 0.01 <= run.eer


def test_emotions_of_unheard_actors_are_learnt_above_chance(results):
    total = paper_table(results, PAPER, "table3").set_index(["row", "column"])["reproduced"]
    assert float(total["EMO", "TOTAL"]) > 25


def test_seeds_are_drawn_one_by_one(results):
    records = json.loads(
        (results / "runs" / PAPER / "SC-MTL-A" / "paper/part0/run.json").read_text("utf-8")
    )
    assert len({record["seed"] for record in records}) == len(records) == 2
    assert {record["crop"] for record in records} == {"random"}
    total = paper_table(results, PAPER, "table3").set_index(["row", "column"])
    mean_and_deviation = " ± ".join(total.loc[("MTL", "TOTAL"), ["reproduced", "sd"]])
    drawing = (results / "figures" / PAPER / "seeds-emotion.svg").read_text("utf-8")
    assert f"{mean_and_deviation}, range" in drawing
