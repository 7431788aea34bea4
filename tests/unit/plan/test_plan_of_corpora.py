"""What the jobs of corpora depend on."""

import os
from pathlib import Path

import pytest

from plans import plan_of
from retable.errors import ConfigError
from retable.registry import CORPORA, FEATURES, FIGURES, MODELS, TWINS

ESC50 = "ESC-50-master.zip"
SCENES = "TUT-acoustic-scenes-2017-evaluation.audio.4.zip"


def esc50_in(folder: Path):
    return plan_of(corpora={"esc50": {"source": str(folder)}})


def test_an_archive_is_the_one_with_its_checksum_wherever_it_comes_from():
    checksum = plan_of().archive("tut2017", SCENES).md5
    for source in ("upstream", "https://mirror.example.org/tut"):
        plan = plan_of(corpora={"tut2017": {"source": source}})
        assert plan.archive_identity("tut2017", SCENES) == checksum


def test_one_made_on_the_fly_is_another_from_another_address_or_when_it_is_replaced(tmp_path):
    archive = tmp_path / ESC50
    archive.write_bytes(b"first")
    os.utime(archive, ns=(0, 0))
    first = esc50_in(tmp_path).archive_identity("esc50", ESC50)
    os.utime(archive, ns=(0, 1))  # A touch.
    assert first == esc50_in(tmp_path).archive_identity("esc50", ESC50)
    archive.write_bytes(b"other")
    assert esc50_in(tmp_path).archive_identity("esc50", ESC50) != first
    addresses = ("upstream", "https://one.example.org", "https://two.example.org")
    plans = [plan_of(corpora={"esc50": {"source": address}}) for address in addresses]
    assert len({plan.archive_identity("esc50", ESC50) for plan in plans}) == 3


def test_files_in_an_archive_are_verified_unless_it_is_simulated():
    upstream = plan_of(corpora={"esc50": {"source": "upstream"}})
    assert list(upstream.files_md5("esc50", "ESC-50")) == ["ESC-50-master/meta/esc50.csv"]
    assert plan_of().files_md5("esc50", "ESC-50") == {}
    assert upstream.files_md5("tut2017", "evaluation.meta") == {}


def test_a_directory_holds_a_corpus_in_upstreams_folders(tmp_path):
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "1-100032-A-0.wav").touch()
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").touch()
    plan = esc50_in(tmp_path)
    assert plan.indexed("esc50") == ["audio", "meta"]
    assert plan_of().indexed("esc50") == ["ESC-50"]
    partial = plan_of(corpora={"esc50": {"source": str(tmp_path), "partial": True}})
    assert partial.index_text("esc50") != plan.index_text("esc50")


def vctk_of(speakers: list[str]):
    """The plan in which the dataset of the papers has these speakers of VCTK."""
    where = [{"speaker": speakers}]
    return plan_of(overrides={"corpora": {"vctk": {"datasets": {"accents": {"where": where}}}}})


def test_unpacking_and_indexing_depend_on_the_speakers_in_use():
    plan = vctk_of(["p225", "p226"])
    assert plan.source("vctk").only == (
        "speaker-info.txt",
        "wav48_silence_trimmed/p225/*_mic1.*",
        "wav48_silence_trimmed/p226/*_mic1.*",
        "wav48/p225/*",
        "wav48/p226/*",
    )
    other = vctk_of(["p225"])
    assert other.source("vctk").only != plan.source("vctk").only
    assert other.index_text("vctk") != plan.index_text("vctk")
    assert '"only":["speaker-info.txt",' in plan.index_text("vctk")


def test_a_corpus_that_is_needed_whole_has_no_patterns():
    plan = plan_of()
    for corpus in ("esc50", "ravdess", "tut2017"):
        assert plan.source(corpus).only == ()
        assert '"only"' not in plan.index_text(corpus)


def test_a_directory_may_hold_an_older_release(tmp_path):
    (tmp_path / "wav48" / "p225").mkdir(parents=True)
    (tmp_path / "wav48" / "p225" / "p225_001.wav").touch()
    (tmp_path / "speaker-info.txt").touch()
    plan = plan_of(corpora={"vctk": {"source": str(tmp_path)}})
    assert plan.indexed("vctk") == ["speaker-info.txt", "wav48"]
    assert plan_of().indexed("vctk") == ["VCTK-Corpus-0.92"]


def test_a_dataset_has_the_classes_of_its_corpus_or_its_own():
    plan = plan_of()
    of_corpus = plan.classes("esc50-all")
    assert of_corpus == plan.corpus("esc50").labels
    own = plan.classes("vctk-accents")
    assert own["accent"] == (
        "American",
        "Canadian",
        "English",
        "Irish",
        "Northern Irish",
        "Scottish",
    )
    assert len(own["speaker"]) == 37
    assert list(plan.classes("vctk-all")) == ["accent"]


@pytest.mark.parametrize(
    ("registry", "name", "ask"),
    [
        (CORPORA, "esc50", lambda plan: plan.corpus_code("index.py", "esc50")),
        (TWINS, "esc50", lambda plan: plan.twin_code("simulate.py", "esc50")),
        (TWINS, "esc50", lambda plan: plan.corpus_modules()),
        (
            FEATURES,
            "logmel_patches",
            lambda plan: [
                plan.feature_code("extract_features.py", name) for name, _ in plan.features()
            ],
        ),
        (
            FIGURES,
            "mixed_patches",
            lambda plan: [
                plan.figure_code("figure.py", "mixup_mtl", name)
                for name in plan.papers["mixup_mtl"].figures
            ],
        ),
        (
            MODELS,
            "branched_vgg",
            lambda plan: [plan.model_code("train.py", one) for one in plan.experiments.values()],
        ),
    ],
)
def test_what_the_registry_lacks_is_named_with_the_file_to_edit(monkeypatch, registry, name, ask):
    plan = plan_of()
    monkeypatch.delitem(registry, name)
    message = rf"workflow/retable/registry\.py: .*\n  - {registry.title} has no '{name}'; add the "
    with pytest.raises(ConfigError, match=message):
        ask(plan)
