"""Whether two clips are of one speaker (vggvox_mtl, section 6), by hand and at random."""

import numpy as np
import pandas as pd
import pytest
from sample_verification import (
    ROLES_OF_CLIPS,
    verification,
    verify,
    write_dataset,
    write_embedded,
    write_taken,
)
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score, roc_curve

from retable.evaluation.predictions import read_predictions, score_matrix
from retable.evaluation.scoring import read_scores, score_experiment
from retable.evaluation.verification import cosines, verify_by_cosine
from retable.tsv import read_tsv

TAKEN = {"a0": "1001", "a1": "1001", "a2": "1003", "b0": "1003"}
"""Two of three pairs of one speaker are taken for two, and one of two speakers for one."""


def at(degrees):
    """The embedding in this direction, of some length."""
    angle = np.radians(degrees)
    return 3 * np.cos(angle), 3 * np.sin(angle)


DIRECTIONS = {
    # Of one speaker: 10, 20 and 30 degrees apart; of two: 25, 35 and 55.
    "t0": at(0), "t1": at(10), "t2": at(30), "u0": at(-25),
    # Of one speaker: 5, 29 and 34 degrees apart; of two: 24, 53 and 58.
    "a0": at(0), "a1": at(5), "a2": at(34), "b0": at(58),
}  # fmt: skip


def many_clips(speakers=24, each=40):
    """Speakers of the paper's number, with half of its clips: role -> clip -> speaker."""
    return {
        role: {
            f"{role}{speaker:02d}-{clip:02d}": f"{role}{speaker:02d}"
            for speaker in range(speakers)
            for clip in range(each)
        }
        for role in ("train", "test")
    }


def rates(path):
    return read_tsv(path, ()).replace("", "nan").astype(float)


@pytest.fixture
def dataset(tmp_path):
    return write_dataset(tmp_path / "dataset.tsv")


@pytest.fixture
def predicted(tmp_path):
    return write_taken(tmp_path / "p.parquet", {(0, 0): TAKEN})


def equal_error_rate(target, scores):
    """Where scikit-learn's curve meets the line on which both kinds of errors are as frequent."""
    false, true, _ = roc_curve(target, scores)
    return brentq(lambda rate: 1 - rate - np.interp(rate, false, true), 0, 1)


def test_two_clips_of_the_same_class_are_taken_for_one_speaker(tmp_path, dataset, predicted):
    predictions, runs, roc = verify(tmp_path, verification("same_class"), dataset, predicted)
    read = read_predictions([predictions])
    assert read.classes == {"same_speaker": ("different", "same")}
    decided = read.table[["clip_id", "target", "role", "segment", "channel"]].values.tolist()
    assert decided == [
        ["a0|a1", "same", "test", 0, "mono"],
        ["a0|a2", "same", "test", 0, "mono"],
        ["a0|b0", "different", "test", 0, "mono"],
        ["a1|a2", "same", "test", 0, "mono"],
        ["a1|b0", "different", "test", 0, "mono"],
        ["a2|b0", "different", "test", 0, "mono"],
    ]
    assert score_matrix(read.table)[:, 1].tolist() == [1, 0, 0, 0, 0, 1]
    assert runs.read_text() == (
        "repeat\tfold\tpairs\tthreshold\tfalse_acceptance\ttrue_acceptance\taccuracy\teer\tauc\n"
        f"0\t0\t6\t\t{1 / 3!r}\t{1 / 3!r}\t0.5\t\t\n"
    )
    assert rates(roc).values.tolist() == [[0, 0, 0, 0], [0, 0, 1 / 3, 1 / 3], [0, 0, 1, 1]]


def test_two_clips_with_a_cosine_above_the_threshold_are_taken_for_one_speaker(
    tmp_path, dataset, predicted
):
    embeddings = write_embedded(tmp_path / "e.parquet", {(0, 0): DIRECTIONS})
    predictions, runs, roc = verify(
        tmp_path, verification("cosine"), dataset, predicted, embeddings
    )
    row = rates(runs).iloc[0]
    # Up to 25 degrees, two of three training pairs of one speaker are accepted and one of two.
    threshold = (np.cos(np.radians(25)) + np.cos(np.radians(30))) / 2
    assert row["threshold"] == pytest.approx(threshold, abs=1e-7)
    # Of the test pairs, those 5 and 24 degrees apart exceed it: one of either kind.
    assert row[["pairs", "false_acceptance", "true_acceptance", "accuracy"]].tolist() == [
        6, pytest.approx(1 / 3), pytest.approx(1 / 3), 0.5,
    ]  # fmt: skip
    # By falling cosine: one, two, one, one, two, two; 7 of 9 comparisons are right.
    assert row["auc"] == pytest.approx(7 / 9)
    assert row["eer"] == pytest.approx(1 / 3)
    same = score_matrix(read_predictions([predictions]).table)[:, 1]
    apart = np.cos(np.radians([5, 34, 58, 29, 53, 24]))
    assert same == pytest.approx(1 / (1 + np.exp(threshold - apart)), abs=1e-6)
    assert len(rates(roc)) == 202


def test_the_threshold_comes_from_pairs_of_training_clips_alone(tmp_path, dataset, predicted):
    """Whatever the test clips are, so that nothing is tuned to them."""
    generator = np.random.default_rng(4)
    found = {}
    for role in ("none", "test", "train"):
        other = {clip: generator.normal(size=2) for clip in ROLES_OF_CLIPS.get(role, ())}
        embeddings = write_embedded(tmp_path / "e.parquet", {(0, 0): DIRECTIONS | other})
        _, runs, _ = verify(tmp_path, verification("cosine"), dataset, predicted, embeddings)
        found[role] = rates(runs).iloc[0]
    assert found["test"]["threshold"] == found["none"]["threshold"]
    assert found["test"]["auc"] != found["none"]["auc"]
    assert found["train"]["threshold"] != found["none"]["threshold"]
    assert found["train"]["auc"] == found["none"]["auc"]


def test_pairs_are_decided_whatever_drew_them():
    """Two training pairs, 10 and 25 degrees apart, give a threshold between them."""
    rows = [
        (role, clip, np.float32(DIRECTIONS[clip]))
        for role, clips in ROLES_OF_CLIPS.items()
        for clip in clips
    ]
    decided = verify_by_cosine(
        pd.DataFrame(rows, columns=["role", "clip_id", "embedding"]),
        {
            "train": pd.DataFrame(
                {"first": ["t0", "t0"], "second": ["t1", "u0"], "same": [True, False]}
            ),
            "test": pd.DataFrame(
                {"first": ["a0", "a2"], "second": ["a1", "b0"], "same": [True, False]}
            ),
        },
    )
    apart = np.cos(np.radians([10, 25]))
    assert decided.threshold == pytest.approx(apart.mean(), abs=1e-6)
    # 5 and 24 degrees apart.
    assert (decided.probability > 0.5).tolist() == [True, False]
    assert (decided.eer, decided.auc) == (0, 1)


def test_cosine_of_embeddings():
    vectors = np.array([[2, 0], [3, 3], [-1, 0], [0, 0]], dtype=np.float32)
    found = cosines(vectors, np.array([0, 0, 0, 1]), np.array([1, 2, 3, 1]))
    assert found == pytest.approx([np.sqrt(0.5), -1, 0, 1])


def test_scores_of_a_network_that_embeds_speakers_apart(tmp_path):
    """What the files say agrees with what is scored, and with scikit-learn on the same pairs."""
    roles = many_clips()
    generator = np.random.default_rng(0)
    centres = {name: generator.normal(size=8) for own in roles.values() for name in own.values()}
    runs_of = {
        (repeat, 0): {
            clip: centres[speaker] + generator.normal(scale=1.5, size=8)
            for own in roles.values()
            for clip, speaker in own.items()
        }
        for repeat in range(2)
    }
    predicted = write_taken(
        tmp_path / "p.parquet", {run: dict.fromkeys(roles["test"], "1001") for run in runs_of}
    )
    embeddings = write_embedded(tmp_path / "e.parquet", runs_of, roles)
    predictions, runs, _ = verify(
        tmp_path,
        verification("cosine", pairs=4000),
        write_dataset(tmp_path / "dataset.tsv", roles),
        predicted,
        embeddings,
    )
    scores, confusion = tmp_path / "scores.tsv", tmp_path / "confusion.tsv"
    score_experiment({"paper": [predictions]}, {"paper": "mean"}, scores, confusion)
    scored = read_scores(scores)
    accuracy = scored[(scored["metric"] == "accuracy") & (scored["fold"] == "0")]
    found = rates(runs)
    assert accuracy["value"].tolist() == found["accuracy"].tolist()
    for repeat, row in found.iterrows():
        table = read_predictions([predictions]).table
        table = table[table["repeat"] == repeat]
        same, target = score_matrix(table)[:, 1], (table["target"] == "same").to_numpy()
        assert row["auc"] == pytest.approx(roc_auc_score(target, same), abs=1e-6)
        assert row["eer"] == pytest.approx(equal_error_rate(target, same), abs=1e-6)
        # The threshold is of other pairs, yet both kinds of errors are about as frequent here.
        assert row["false_acceptance"] == pytest.approx(row["eer"], abs=0.03)
        assert 1 - row["true_acceptance"] == pytest.approx(row["eer"], abs=0.03)
        assert 0.1 < row["eer"] < 0.4


@pytest.mark.parametrize(("preference", "accuracy"), [(0.0, 0.5), (0.25, 0.53125)])
def test_classes_of_unknown_speakers_are_right_about_as_often_as_chance(
    tmp_path, preference, accuracy
):
    """Unless a network takes each new speaker for its own one of the 67 that it knows.

    If it does so for a share q of the clips and otherwise takes any of them, two clips of one
    speaker are of the same class more often than others by q squared, and accuracy is
    1/2 + q^2 / 2: even a quarter comes to no more than the paper's 52.5 to 53.1 %.
    """
    roles = many_clips()
    known = tuple(str(1001 + number) for number in range(67))
    generator = np.random.default_rng(5)
    own = {name: known[number] for number, name in enumerate(sorted(set(roles["test"].values())))}
    taken = {
        clip: own[name] if generator.random() < preference else str(generator.choice(known))
        for clip, name in roles["test"].items()
    }
    predicted = write_taken(tmp_path / "p.parquet", {(0, 0): taken}, classes=known)
    dataset = write_dataset(tmp_path / "dataset.tsv", roles)
    _, runs, _ = verify(tmp_path, verification("same_class", pairs=16000), dataset, predicted)
    assert rates(runs)["accuracy"].tolist() == [pytest.approx(accuracy, abs=0.006)]


def test_random_embeddings_are_right_half_of_the_time(tmp_path):
    roles = many_clips()
    generator = np.random.default_rng(6)
    clips = [clip for own in roles.values() for clip in own]
    vectors = dict(zip(clips, generator.normal(size=(len(clips), 16)), strict=True))
    predicted = write_taken(tmp_path / "p.parquet", {(0, 0): dict.fromkeys(roles["test"], "1001")})
    embeddings = write_embedded(tmp_path / "e.parquet", {(0, 0): vectors}, roles)
    dataset = write_dataset(tmp_path / "dataset.tsv", roles)
    spec = verification("cosine", pairs=16000)
    _, runs, _ = verify(tmp_path, spec, dataset, predicted, embeddings)
    row = rates(runs).iloc[0]
    assert row[["accuracy", "eer", "auc"]].tolist() == pytest.approx([0.5] * 3, abs=0.015)


def test_every_experiment_decides_the_same_pairs(tmp_path):
    roles = many_clips(speakers=6, each=5)
    dataset = write_dataset(tmp_path / "dataset.tsv", roles)
    generator = np.random.default_rng(2)
    vectors = {clip: generator.normal(size=4) for own in roles.values() for clip in own}
    found = []
    for decision, repeats in (("same_class", 1), ("cosine", 2)):
        runs_of = [(repeat, 0) for repeat in range(repeats)]
        taken = {run: dict.fromkeys(roles["test"], "1002") for run in runs_of}
        predicted = write_taken(tmp_path / f"{decision}-p.parquet", taken)
        embeddings = write_embedded(
            tmp_path / f"{decision}-e.parquet", dict.fromkeys(runs_of, vectors), roles
        )
        spec = verification(decision, pairs=40, verification=f"V-{decision}")
        files = verify(tmp_path / decision, spec, dataset, predicted, embeddings)
        table = read_predictions([files[0]]).table
        found += [own[["clip_id", "target"]].values.tolist() for _, own in table.groupby("repeat")]
        again = verify(tmp_path / f"{decision}2", spec, dataset, predicted, embeddings)
        assert [one.read_bytes() for one in files] == [one.read_bytes() for one in again]
    assert found[0] == found[1] == found[2]
    assert [target for _, target in found[0]].count("same") == 20


def test_equal_embeddings_are_taken_for_two_speakers(tmp_path, dataset, predicted):
    """A network that has died tells nothing, and says so: half of the pairs are right."""
    dead = {clip: (0.0, 0.0) for own in ROLES_OF_CLIPS.values() for clip in own}
    embeddings = write_embedded(tmp_path / "e.parquet", {(0, 0): dead})
    _, runs, _ = verify(tmp_path, verification("cosine"), dataset, predicted, embeddings)
    row = rates(runs).iloc[0]
    assert row[["false_acceptance", "accuracy", "eer", "auc"]].tolist() == [0, 0.5, 0.5, 0.5]
