"""Late fusion as in mixup_mtl, section II.E, on examples that can be added up by hand."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from sample_members import SCENES, fusion, whole_clips, write_member

from retable.evaluation.fusion import write_fusion
from retable.evaluation.pooling import decide
from retable.evaluation.predictions import read_predictions
from retable.tsv import read_tsv

TARGETS = {"one": "bus", "two": "park"}


def fuse(folder: Path, spec, members):
    """Fuse and read back: predictions, audit and facts."""
    write_fusion(
        spec,
        members,
        predictions=folder / "fused.parquet",
        audit=folder / "audit.tsv",
        sizes=folder / "sizes.tsv",
        facts=folder / "fusion.json",
    )
    facts = json.loads((folder / "fusion.json").read_text())
    return read_predictions([folder / "fused.parquet"]), read_tsv(folder / "audit.tsv", ()), facts


def scores_of(predictions, *key):
    """Fused scores by the given columns."""
    rows = predictions.table.set_index(list(key))["scores"]
    return {place: scores.tolist() for place, scores in rows.items()}


def test_scores_are_added_by_segment_before_segments_vote(tmp_path):
    first = [
        (0, 0, "test", "one", 0, "mono", "bus", [0.5, 0.25, 0.25]),
        (0, 0, "test", "one", 1, "mono", "bus", [0.25, 0.75, 0.0]),
        (0, 0, "test", "one", 2, "mono", "bus", [0.0, 0.75, 0.25]),
    ]
    second = [
        (0, 0, "test", "one", 0, "mono", "bus", [0.5, 0.5, 0.0]),
        (0, 0, "test", "one", 1, "mono", "bus", [0.75, 0.0, 0.25]),
        (0, 0, "test", "one", 2, "mono", "bus", [0.0, 0.25, 0.75]),
    ]
    members = {
        "A": write_member(tmp_path / "a.parquet", first),
        "B": write_member(tmp_path / "b.parquet", second),
    }
    fused, _, facts = fuse(tmp_path, fusion("A", "B"), members)
    assert scores_of(fused, "segment") == {
        0: [0.5, 0.375, 0.125],
        1: [0.5, 0.375, 0.125],
        2: [0.0, 0.5, 0.5],
    }
    # Two segments decide for the bus; A alone decides for the park, by two segments of three.
    assert decide(fused, "majority")["predicted"].tolist() == ["bus"]
    alone = read_predictions(members["A"])
    assert decide(alone, "majority")["predicted"].tolist() == ["park"]
    assert facts["classifiers"] == 2


def test_logits_are_averaged_where_the_fusion_says_so(tmp_path):
    # One classifier is sure, the other hardly decided: their logits weigh more than their shares.
    logits = np.log([[0.98, 0.01, 0.01], [0.2, 0.45, 0.35]])
    members = {
        name: write_member(
            tmp_path / f"{name}.parquet", whole_clips({(0, 0): {"one": np.exp(row)}}, TARGETS)
        )
        for name, row in zip("AB", logits, strict=True)
    }
    probabilities, _, facts = fuse(tmp_path, fusion("A", "B"), members)
    assert scores_of(probabilities, "clip_id")["one"] == pytest.approx([0.59, 0.23, 0.18])
    assert facts["average"] == "probability"
    fused, _, facts = fuse(tmp_path, fusion("A", "B", average="logit"), members)
    powers = np.exp(logits.mean(axis=0))
    assert scores_of(fused, "clip_id")["one"] == pytest.approx(powers / powers.sum(), rel=1e-5)
    assert facts["average"] == "logit"


def test_a_segment_counts_the_classifiers_that_have_its_channel(tmp_path):
    triple = [(0, 0, "test", "one", 0, "mid", "bus", [1.0, 0.0, 0.0])]
    quadruple = [
        (0, 0, "test", "one", 0, "mid", "bus", [0.5, 0.5, 0.0]),
        (0, 0, "test", "one", 0, "side", "bus", [0.25, 0.25, 0.5]),
    ]
    members = {
        "T": write_member(tmp_path / "t.parquet", triple),
        "Q": write_member(tmp_path / "q.parquet", quadruple),
    }
    fused, _, _ = fuse(tmp_path, fusion("T", "Q"), members)
    assert scores_of(fused, "channel") == {"mid": [0.75, 0.25, 0.0], "side": [0.25, 0.25, 0.5]}


def test_classifiers_of_all_folds_and_repeats_share_their_test_clips(tmp_path):
    """Scenes: one evaluation set, so that 4 folds x 3 repeats x 2 experiments are 24."""
    runs = {(repeat, fold): {"one": [1, 0, 0]} for repeat in range(3) for fold in range(4)}
    rows = whole_clips(runs, TARGETS)
    members = {name: write_member(tmp_path / f"{name}.parquet", rows) for name in "AB"}
    fused, audit, facts = fuse(tmp_path, fusion("A", "B"), members)
    assert fused.table[["repeat", "fold", "role"]].values.tolist() == [[0, 0, "test"]]
    assert facts == {
        "task": "scene",
        "experiments": ["A", "B"],
        "classifiers": 24,
        "combinations": 1,
        "folds": 4,
        "repeats": {"A": 3, "B": 3},
        "clips": 1,
        "pooling": "majority",
        "average": "probability",
    }
    assert audit["pairs"].tolist() == ["0", "0", "24"]


def test_every_combination_of_one_repeat_of_each_member(tmp_path):
    """Section III.F: 3 repeats of either experiment are 9 combinations of 4 + 4 classifiers."""
    certain = {0: [1.0, 0.0, 0.0], 1: [0.0, 1.0, 0.0], 2: [0.0, 0.0, 1.0]}
    runs = {(repeat, fold): {"one": certain[repeat]} for repeat in range(3) for fold in range(4)}
    rows = whole_clips(runs, TARGETS)
    members = {name: write_member(tmp_path / f"{name}.parquet", rows) for name in "AB"}
    fused, _, facts = fuse(tmp_path, fusion("A", "B", repeats="combinations"), members)
    assert (facts["combinations"], facts["classifiers"]) == (9, 8)
    assert scores_of(fused, "repeat") == {
        0: [1.0, 0.0, 0.0],
        1: [0.5, 0.5, 0.0],
        2: [0.5, 0.0, 0.5],
        3: [0.5, 0.5, 0.0],
        4: [0.0, 1.0, 0.0],
        5: [0.0, 0.5, 0.5],
        6: [0.5, 0.0, 0.5],
        7: [0.0, 0.5, 0.5],
        8: [0.0, 0.0, 1.0],
    }


def test_folds_apart_fuse_only_the_classifiers_of_a_fold(tmp_path):
    first = {(0, 0): {"one": [1, 0, 0]}, (0, 1): {"two": [0, 1, 0]}}
    second = {(0, 0): {"one": [0.5, 0.5, 0]}, (0, 1): {"two": [0, 0, 1]}}
    members = {
        "A": write_member(tmp_path / "a.parquet", whole_clips(first, TARGETS)),
        "B": write_member(tmp_path / "b.parquet", whole_clips(second, TARGETS)),
    }
    fused, audit, facts = fuse(tmp_path, fusion("A", "B", folds="apart"), members)
    assert scores_of(fused, "fold", "clip_id") == {
        (0, "one"): [0.75, 0.25, 0.0],
        (1, "two"): [0.0, 0.5, 0.5],
    }
    assert (facts["classifiers"], facts["folds"], facts["clips"]) == (2, 2, 2)
    assert set(audit.loc[audit["pairs"] != "0", "role"]) == {"test"}


def test_other_roles_are_fused_and_counted(tmp_path):
    """What one fold tests trains another; decided where it is tested (README.md of mixup_mtl)."""
    rows = [
        (0, 0, "test", "one", 0, "mono", "bus", [0.5, 0.5, 0.0]),
        (0, 0, "validation", "two", 0, "mono", "park", [0.5, 0.5, 0.0]),
        (0, 0, "train", "six", 0, "mono", "tram", [0.0, 0.0, 1.0]),
        (0, 1, "train", "one", 0, "mono", "bus", [1.0, 0.0, 0.0]),
        (0, 1, "test", "two", 0, "mono", "park", [0.0, 0.5, 0.5]),
        (0, 1, "train", "six", 0, "mono", "tram", [0.0, 0.0, 1.0]),
    ]
    members = {"A": write_member(tmp_path / "a.parquet", rows)}
    fused, audit, facts = fuse(tmp_path, fusion("A", other_roles=True), members)
    assert scores_of(fused, "fold", "clip_id") == {
        (0, "one"): [0.75, 0.25, 0.0],
        (1, "two"): [0.25, 0.5, 0.25],
    }
    assert audit.values.tolist() == [
        ["0", "0", "train", "1", "1", "0.5"],
        ["0", "0", "validation", "0", "0", "0.0"],
        ["0", "0", "test", "1", "1", "0.5"],
        ["0", "1", "train", "0", "0", "0.0"],
        ["0", "1", "validation", "1", "1", "0.5"],
        ["0", "1", "test", "1", "1", "0.5"],
    ]
    assert (facts["classifiers"], facts["clips"]) == (2, 2)


def random_member(seed: int, channels: tuple[str, ...]):
    """Rows of 2 repeats and 2 folds on 12 clips of 5 segments, in eighths: sums are exact."""
    generator = np.random.default_rng(seed)
    rows = []
    for repeat, fold, clip, segment in np.ndindex(2, 2, 12, 5):
        for channel in channels:
            scores = generator.multinomial(8, [0.4, 0.3, 0.3]) / 8
            name, target = f"clip{clip:02d}", SCENES[clip % 3]
            rows.append((repeat, fold, "test", name, segment, channel, target, scores))
    return rows


def test_sums_and_votes_agree_with_the_paper_read_word_for_word(tmp_path):
    every = [random_member(seed, ("left", "right")) for seed in (1, 2)]
    members = {
        name: write_member(tmp_path / f"{name}.parquet", rows)
        for name, rows in zip("AB", every, strict=True)
    }
    fused, _, _ = fuse(tmp_path, fusion("A", "B"), members)
    accumulated = defaultdict(lambda: np.zeros(3))
    for _, _, _, clip, segment, channel, _, scores in [row for rows in every for row in rows]:
        accumulated[clip, segment, channel] += scores
    votes, sums = defaultdict(Counter), defaultdict(lambda: np.zeros(3))
    for (clip, _, _), scores in accumulated.items():
        votes[clip][int(np.argmax(scores))] += 1
        sums[clip] += scores
    expected = {
        clip: SCENES[max(range(3), key=lambda k: (counts[k], sums[clip][k], -k))]
        for clip, counts in votes.items()
    }
    decisions = decide(fused, "majority")
    assert dict(zip(decisions["clip_id"], decisions["predicted"], strict=True)) == expected


@pytest.mark.parametrize("repeats", ["together", "combinations"])
def test_sizes_end_where_everything_is_fused(tmp_path, repeats):
    members = {
        "A": write_member(tmp_path / "a.parquet", random_member(3, ("mid",))),
        "B": write_member(tmp_path / "b.parquet", random_member(4, ("mid", "side"))),
    }
    fused, _, facts = fuse(tmp_path, fusion("A", "B", repeats=repeats), members)
    sizes = read_tsv(tmp_path / "sizes.tsv", ("repeat", "n", "draw", "accuracy")).astype(float)
    assert sizes["n"].max() == facts["classifiers"]
    assert len(sizes) == facts["combinations"] * facts["classifiers"] * sizes["draw"].nunique()
    decisions = decide(fused, "majority")
    right = decisions["predicted"] == decisions["target"]
    accuracy = right.groupby(decisions["repeat"]).mean()
    whole = sizes[sizes["n"] == facts["classifiers"]].groupby("repeat")["accuracy"]
    assert whole.min().tolist() == whole.max().tolist() == accuracy.tolist()


def test_sizes_are_means_over_folds_of_the_same_places(tmp_path):
    """A is right on both folds and B on the second alone, where A is less sure."""
    first = {(0, 0): {"one": [0.75, 0.25, 0]}, (0, 1): {"two": [0, 1, 0]}}
    second = {(0, 0): {"one": [0, 0, 1]}, (0, 1): {"two": [0, 1, 0]}}
    members = {
        "A": write_member(tmp_path / "a.parquet", whole_clips(first, TARGETS)),
        "B": write_member(tmp_path / "b.parquet", whole_clips(second, TARGETS)),
    }
    fuse(tmp_path, fusion("A", "B", folds="apart"), members)
    sizes = read_tsv(tmp_path / "sizes.tsv", ())
    assert set(sizes.loc[sizes["n"] == "1", "accuracy"]) == {"1.0", "0.5"}
    assert set(sizes.loc[sizes["n"] == "2", "accuracy"]) == {"0.5"}


def test_the_same_members_give_the_same_bytes(tmp_path):
    members = {"A": write_member(tmp_path / "a.parquet", random_member(5, ("mono",)))}
    contents = []
    for _ in range(2):
        fuse(tmp_path, fusion("A"), members)
        names = ("fused.parquet", "audit.tsv", "sizes.tsv", "fusion.json")
        contents.append([(tmp_path / name).read_bytes() for name in names])
    assert contents[0] == contents[1]
