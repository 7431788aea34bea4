"""Experiments that keep embeddings, and the verifications that compare them."""

import pytest

from plans import plan_of


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
