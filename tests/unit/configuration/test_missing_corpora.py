"""Corpora that must be asked for: a fault, or left out."""

import pytest


@pytest.fixture
def requested(edit):
    """RAVDESS as a corpus that nobody may download without asking."""
    edit("corpora/ravdess.yaml", request="its authors")


def test_a_corpus_that_must_be_asked_for_is_a_fault(requested, faults):
    (fault,) = faults(scale="large")
    assert fault.startswith("corpora.ravdess.source: corpus ravdess is not downloaded without perm")
    assert "Ask its authors for it, then set corpora.ravdess.source in config.yaml" in fault
    assert fault.endswith(" Or set keep_going_without_data: true to build all the rest.")


def test_the_build_may_go_on_without_it(requested, read):
    project = read(scale="large", keep_going_without_data=True)
    assert project.sources == {}
    assert list(project.missing) == ["ravdess"]
    assert "Ask its authors for it" in project.missing["ravdess"]
    assert "set corpora.ravdess.source in config.yaml" in project.missing["ravdess"]
    assert "keep_going_without_data" not in project.missing["ravdess"]


def test_a_faulty_paper_is_not_told_to_ask_for_what_it_may_not_need(requested, faults, edit):
    edit("papers/waves/paper.yaml", experiments={"NET": {"dataset": "esc50-all", "split": "fold"}})
    told = faults(scale="large", corpora={"ravdess": {}})
    assert told
    assert not any("without permission" in fault for fault in told)


def test_one_that_is_there_is_not_missing(requested, read):
    project = read(keep_going_without_data=True)
    assert project.sources["ravdess"].kind == "simulated"
    assert project.missing == {}


def test_another_fault_of_its_source_is_still_one(requested, faults, tmp_path):
    (fault,) = faults(
        keep_going_without_data=True,
        corpora={"ravdess": {"source": str(tmp_path / "nowhere")}},
    )
    assert fault.startswith("corpora.ravdess.source: the directory")


def test_the_files_that_the_papers_datasets_need(read, edit):
    content = {"speaker": ["01"]}
    edit("corpora/ravdess.yaml", datasets={"dogs": {"where": [content]}})
    archives = [
        {
            "name": "speech.zip",
            "urls": ["https://example.org/speech.zip"],
            "bytes": 1,
            "md5": "0" * 32,
            "unpack_to": "speech",
            "only": ["Actor_{speaker}/*"],
        }
    ]
    edit("corpora/ravdess.yaml", archives=archives)
    assert read().sources["ravdess"].only == ("Actor_01/*",)
