"""The paper on emotion and speaker as planned: its settings, embeddings and verifications."""

import csv
from pathlib import PurePosixPath

import pytest

from plans import plan_of
from repository import WORKFLOW
from retable.corpora.crema_d import describe_clip
from retable.features.normalised_spectrogram import spanned_samples
from retable.training.optimisation import learning_rate_at


@pytest.fixture(scope="module")
def plan():
    return plan_of(scale="paper", papers=["vggvox_mtl"])


def test_six_networks_are_trained_with_three_seeds_each(plan):
    runs = {
        name: len(plan.runs(experiment)) for (_, name, _), experiment in plan.experiments.items()
    }
    assert len(runs) == 6 and set(runs.values()) == {3}
    assert {variant for *_, variant in plan.experiments} == {"paper"}


def test_those_that_know_speakers_keep_embeddings(plan):
    assert plan.embedding_names() == ["SC-MTL-A", "SC-MTL-B", "SC-SPK-A", "SC-SPK-B"]
    part = plan.part(plan.experiment("vggvox_mtl", "SC-MTL-A", "paper"), "0")
    assert part.embed and len(part.classes["speaker"]) == 91


def test_a_verification_has_the_clips_and_the_audio_of_its_experiment(plan):
    verification = plan.verifications["vggvox_mtl", "SC-SAME-SPK-A", "clean"]
    assert plan.speaker_input(verification).dataset == "crema_d-emotion_speaker"
    assert plan.comparability("vggvox_mtl", ["SC-SAME-SPK-A"]) == "comparable"
    assert plan_of(papers=["vggvox_mtl"]).comparability("vggvox_mtl", ["SC-SAME-SPK-A"]) == (
        "simulated"
    )


def test_what_a_verification_waits_for_is_trained_first(plan):
    assert plan.stages_after("vggvox_mtl", "SC-SPK-A") == 1
    assert plan.stages_after("vggvox_mtl", "SC-EMO-A") == 0


def test_both_variants_of_a_verification_are_scored_together(plan):
    assert set(plan.scored["vggvox_mtl", "SC-SAME-MTL-B"]) == {"paper", "clean"}
    assert plan.poolings("vggvox_mtl", "SC-SAME-MTL-B") == {"paper": "mean", "clean": "mean"}


def test_the_split_names_67_actors_and_24_others(plan):
    (roles,) = plan.split("vggvox_mtl", "actors").roles
    train, test = (set(roles[role]["speaker"]) for role in ("train", "test"))
    assert (len(train), len(test), len(train | test)) == (67, 24, 91)


@pytest.fixture(scope="module")
def listed() -> list[dict[str, str]]:
    """The clips that upstream lists: `path` and `bytes`, and what their names say."""
    table = WORKFLOW / "corpora" / "crema_d-files.tsv"
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [row | describe_clip(PurePosixPath(row["path"])) for row in rows]


def test_the_network_and_its_input_are_those_of_section_4(plan):
    experiment = plan.experiment("vggvox_mtl", "SC-MTL-A", "paper")
    model, (one,) = experiment.model, experiment.inputs
    assert (model.filters, model.hidden) == ((96, 256, 256, 256, 256), (4096, 1024))
    assert model.batch_norm
    feature = one.feature
    assert (feature.height, feature.frames) == (512, 400)
    assert spanned_samples(feature.frames, feature) == 64_240
    assert (feature.rows, feature.fft_size, feature.normalise) == ("two_sided", 512, "row")
    milliseconds = [1000 * n / feature.sample_rate for n in (feature.window, feature.hop)]
    assert milliseconds == [25, 10] and feature.pre_emphasis == 0.97
    assert one.standardise == "none"


def test_schedules_are_those_of_sections_5_and_6(plan):
    of = {name: plan.experiment("vggvox_mtl", f"SC-MTL-{name}", "paper").training for name in "AB"}
    rates = {
        name: [learning_rate_at(epoch, training) for epoch in range(training.epochs)]
        for name, training in of.items()
    }
    assert rates["A"] == pytest.approx(20 * [0.01] + 20 * [0.001] + 20 * [0.0001])
    assert rates["B"] == pytest.approx(30 * [0.001] + 20 * [0.0001])
    for training in of.values():
        assert (training.optimizer, training.momentum, training.weight_decay) == (
            "sgd",
            0.9,
            0.0005,
        )
        assert (training.batch_size, training.crop) == (64, "random")
        assert (training.selection, training.task_weights) == ("last", {})


def test_upstream_lists_as_many_clips_of_each_side_as_the_paper(plan, listed):
    (roles,) = plan.split("vggvox_mtl", "actors").roles
    clips = {
        role: sum(row["speaker"] in accepted["speaker"] for row in listed)
        for role, accepted in roles.items()
    }
    assert clips == {"train": 5475, "test": 1967}
    emotions = [row["emotion"] for row in listed if row["speaker"] in roles["test"]["speaker"]]
    assert {name: emotions.count(name) for name in set(emotions)} == {
        "ANG": 336, "DIS": 336, "FEA": 336, "HAP": 336, "SAD": 336, "NEU": 287,
    }  # fmt: skip


def test_84_clips_are_longer_than_4_s_and_all_are_kept_whole(plan, listed):
    feature = plan.experiment("vggvox_mtl", "SC-MTL-A", "paper").inputs[0].feature
    samples = [(int(row["bytes"]) - 44) // 2 for row in listed]
    assert sum(count > 4 * feature.sample_rate for count in samples) == 84
    frames = [1 + (count - feature.window) // feature.hop for count in samples]
    assert sum(count > feature.frames for count in frames) == 76
    assert max(frames) <= feature.longest_frames
