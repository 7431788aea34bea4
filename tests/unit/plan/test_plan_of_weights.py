"""Who starts from published weights, and what makes these be fetched again."""

import os
from pathlib import Path

from plans import plan_of

STEM = "resnet18-f37072fd"
FILE = f"{STEM}.pth"
IMAGENET = {"weights": "imagenet"}


def plan_from(source: str | None = None, **models):
    """The plan of cabcnn at the scale demo, whose AlexNet has a smaller classifier."""
    changed = models or {"resnet18": IMAGENET, "alexnet": IMAGENET}
    return plan_of(
        papers=["cabcnn"],
        weights={"imagenet": {"source": source}},
        overrides={"papers": {"cabcnn": {"models": changed}}},
    )


def experiment(plan, name: str):
    return plan.experiment("cabcnn", name, "paper")


def test_a_network_of_the_original_size_starts_from_its_architectures_weights():
    plan = plan_from("upstream")
    assert plan.starting_architecture(experiment(plan, "CA-R18")) == "resnet18"
    for other in ("CA-ALX", "CA-VGG", "CA-GRN"):
        assert plan.starting_architecture(experiment(plan, other)) is None
    assert (plan.stored_weights(), plan.architectures()) == ([FILE], ["resnet18"])


def test_who_asks_for_weights_and_starts_without_is_named_once():
    names = ("CA-R18", "CA-ALX", "CA-VGG", "CA-CAB-30", "CA-R18")
    for source, expected in {"upstream": ["alexnet"], "none": ["alexnet", "resnet18"]}.items():
        plan = plan_from(source)
        assert plan.from_scratch(experiment(plan, name) for name in names) == {"imagenet": expected}
    plan = plan_of(papers=["cabcnn"])
    assert plan.from_scratch(plan.experiments.values()) == {}


def test_the_scale_decides_and_the_demo_has_none():
    plan = plan_from()
    assert plan.starting_architecture(experiment(plan, "CA-R18")) is None
    assert (plan.stored_weights(), plan.architectures()) == ([], [])


def test_a_file_of_upstream_is_the_one_with_its_checksum():
    assert plan_from("upstream").weights_identity("imagenet", FILE) == "f37072fd"


def test_a_file_of_a_mirror_is_another_from_another_address():
    plans = [plan_from(f"https://{name}.example.org") for name in ("one", "two")]
    assert all(plan.stored_weights() == [STEM] for plan in plans)
    assert len({plan.weights_identity("imagenet", STEM) for plan in plans}) == 2


def test_a_file_without_checksum_is_another_when_it_is_replaced_and_not_when_it_is_touched(
    tmp_path: Path,
):
    name = f"{STEM}.safetensors"
    file = tmp_path / name
    file.write_bytes(b"first")
    os.utime(file, ns=(0, 0))
    first = plan_from(str(tmp_path)).weights_identity("imagenet", name)
    os.utime(file, ns=(0, 1))
    assert plan_from(str(tmp_path)).weights_identity("imagenet", name) == first
    file.write_bytes(b"other")
    assert plan_from(str(tmp_path)).weights_identity("imagenet", name) != first


def test_the_published_file_in_a_directory_is_the_one_with_its_checksum(tmp_path):
    (tmp_path / FILE).touch()
    plan = plan_from(str(tmp_path))
    assert plan.stored_weights() == [FILE]
    assert plan.weights_identity("imagenet", FILE) == "f37072fd"


def test_the_same_file_from_another_place_is_the_same_to_trainings(tmp_path):
    """What trainings wait for is made of the published file, whose checksum tells, alone."""
    (tmp_path / FILE).touch()
    plans = [plan_from(source) for source in ("upstream", "https://a.example", str(tmp_path))]
    files = {plan.published_file("imagenet", "resnet18").canonical() for plan in plans}
    assert len(files) == 1
    trained = [experiment(plan, "CA-R18") for plan in plans]
    assert {plan.starting_architecture(one) for plan, one in zip(plans, trained, strict=True)} == {
        "resnet18"
    }
    assert len({p.part(one, "0").canonical() for p, one in zip(plans, trained, strict=True)}) == 1


def test_who_is_to_be_cited_for_the_weights_in_use():
    assert [one.weights for one in plan_from("upstream").weights_in_use()] == ["imagenet"]
    assert plan_from("none").weights_in_use() == []
    assert '"weights":[]' in plan_from("none").page_text()
    assert "Deng J., Dong W." in plan_from("upstream").page_text()


def test_a_model_that_asks_for_no_weights_is_the_same_job_as_before():
    plan = plan_from("upstream", resnet18={"weights": "none"})
    before = plan_of(papers=["cabcnn"])
    for each in (plan, before):
        assert each.stored_weights() == []
    texts = [each.part(experiment(each, "CA-R18"), "0").canonical() for each in (plan, before)]
    assert texts[0] == texts[1]
