"""What a change rebuilds: exactly the jobs that depend on it, in one call of Snakemake.

Every test changes one thing in a finished build, calls Snakemake and names the jobs that ran.
"""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from snakemake_project import Project

NETWORK, BASELINE = "GR-G-M", "GR-SVM-M"

# Three figures, the table and the text show the network; the baseline stands in the table alone.
AFTER_TRAINING = Counter(score=1, table=1, text_tables=1, figure=3, check=1, page=1)
AFTER_FIT = Counter(score=1, table=1, check=1, page=1)
AFTER_TABLE = Counter(check=1, page=1)
SPECTROGRAMS = Counter(examples=1, figure=1)
"""The fourth figure shows audio, whoever is trained on it."""

FROM_INDEX_TO_FEATURES = Counter(index=1, select_dataset=1, resample=1, extract_features=2)

MEGABYTE = 1_000_000
"""Smaller files Snakemake compares by content, so that a touch of them proves nothing."""


def test_the_first_build_runs_every_rule(first_build):
    _, result = first_build
    each_archive = Counter(simulate=2, unpack=2)
    each_experiment = Counter(split=1, train=1, fit=1) + AFTER_TRAINING + Counter(score=1)
    shown = FROM_INDEX_TO_FEATURES + SPECTROGRAMS + Counter(summarise_corpora=1)
    assert result.rules == each_archive + shown + each_experiment


def test_a_second_call_does_nothing(built_project):
    result = built_project.run("all")
    assert result.did_nothing, result.output


def test_no_target_has_anything_left_to_do(first_build):
    project, _ = first_build
    assert project.run("gresnets", "data", "features", "-n").did_nothing


class TestNothingReruns:
    def test_after_a_touch_of_an_archive(self, built_project):
        archives = sorted(built_project.results.glob("corpora/ravdess/archives/*.zip"))
        assert len(archives) == 2
        assert max(archive.stat().st_size for archive in archives) > MEGABYTE
        for archive in archives:
            archive.touch()
        assert built_project.run("all").did_nothing

    def test_after_a_new_comment_and_a_new_docstring(self, built_project):
        built_project.edit(
            "workflow/retable/models/gresnet.py",
            "GRID_CELLS = 4\n",
            "# Four, as in many papers of the time.\nGRID_CELLS = (\n    4\n)\n",
        )
        built_project.edit(
            "workflow/retable/models/gresnet.py",
            '"""Element-wise, any shape."""',
            '"""Works element by element, whatever the shape."""',
        )
        assert built_project.run("all").did_nothing

    def test_after_a_new_field_with_a_default(self, built_project):
        built_project.edit(
            "workflow/retable/spec/training.py",
            "    momentum: float = 0.0\n",
            "    momentum: float = 0.0\n    new_option: float = 1.5\n",
        )
        built_project.edit(
            "workflow/retable/spec/model.py",
            '    """Width of the shared fully connected layer."""\n',
            '    """Width of the shared fully connected layer."""\n    new_option: float = 1.5\n',
        )
        assert built_project.run("all").did_nothing

    def test_after_a_change_of_what_the_machine_offers(self, built_project):
        result = built_project.run("all", config={"compute": {"checkpoint_minutes": 7}})
        assert result.did_nothing


class TestCode:
    def test_a_constant_of_a_network_reruns_its_trainings(self, built_project):
        built_project.edit(
            "workflow/retable/models/gresnet.py", "GRID_CELLS = 4\n", "GRID_CELLS = 2\n"
        )
        result = built_project.run("all")
        assert result.rules == Counter(train=1) + AFTER_TRAINING
        assert result.wildcards("train", "experiment") == {NETWORK}
        assert result.wildcards("score", "scored") == {NETWORK}

    def test_a_constant_of_a_baseline_reruns_its_fits(self, built_project):
        built_project.edit(
            "workflow/retable/baselines/svm.py",
            'JOINT = "all tasks together"\n',
            'JOINT = "all tasks"\n',
        )
        result = built_project.run("all")
        assert result.rules == Counter(fit=1) + AFTER_FIT
        assert result.wildcards("fit", "experiment") == {BASELINE}
        assert result.wildcards("score", "scored") == {BASELINE}

    def test_a_constant_of_a_feature_reruns_its_extraction_and_what_uses_it(self, built_project):
        built_project.edit(
            "workflow/retable/features/spectrogram.py", "FLOOR = 1e-5\n", "FLOOR = 1e-6\n"
        )
        result = built_project.run("all")
        trained_and_shown = Counter(extract_features=1, train=1) + SPECTROGRAMS
        assert result.rules == trained_and_shown + AFTER_TRAINING
        assert result.wildcards("extract_features", "feature") == {"stft257"}
        assert result.wildcards("train", "experiment") == {NETWORK}
        assert result.wildcards("score", "scored") == {NETWORK}


class TestPublishedNumbers:
    PUBLISHED = "workflow/papers/gresnets/published.csv"

    def test_a_number_of_a_table_reruns_that_table(self, built_project):
        built_project.edit(self.PUBLISHED, "2,SVM+M,emotion,Acc,54.63", "2,SVM+M,emotion,Acc,54.64")
        result = built_project.run("all")
        assert result.rules == Counter(table=1) + AFTER_TABLE
        assert "54.64" in read(built_project, "tables/gresnets/table2.md")

    def test_a_number_of_the_text_reruns_the_text(self, built_project):
        row = "text,GResNet+M,speech_song,Acc"
        built_project.edit(self.PUBLISHED, f"{row},97.31", f"{row},97.13")
        result = built_project.run("all")
        assert result.rules == Counter(text_tables=1) + AFTER_TABLE
        assert "97.13" in read(built_project, "tables/gresnets/text.md")

    def test_a_number_of_a_table_that_is_not_built_reruns_nothing(self, built_project):
        row = "1,ResNet+S,emotion,Acc"
        built_project.edit(self.PUBLISHED, f"{row},53.30", f"{row},53.31")
        assert built_project.run("all").did_nothing


class TestConfiguration:
    def test_the_epochs_rerun_the_trainings(self, built_project):
        result = built_project.run("all", config=overrides(trainings={"adam": {"epochs": 3}}))
        assert result.rules == Counter(train=1) + AFTER_TRAINING

    def test_the_seed_of_a_twin_reruns_everything_in_one_call(self, first_build, built_project):
        _, everything = first_build
        config = {"overrides": {"corpora": {"ravdess": {"simulation": {"seed": 5}}}}}
        result = built_project.run("all", config=config)
        assert result.rules == everything.rules
        assert built_project.run("all", config=config).did_nothing

    def test_the_title_of_a_table_reruns_that_table(self, built_project):
        result = built_project.run("all", config=overrides(tables={"2": {"title": "Structures"}}))
        assert result.rules == Counter(table=1) + AFTER_TABLE

    def test_a_new_experiment_that_nothing_shows_trains_itself_alone(self, built_project):
        built_project.edit(
            "workflow/papers/gresnets/paper.yaml",
            "\n  GR-SVM-M:\n",
            "\n  GR-DEEP:\n    extends: GR-G-M\n    model: {depth: 5}\n  GR-SVM-M:\n",
        )
        result = built_project.run("all")
        assert result.rules == Counter(train=1, score=1) + AFTER_TABLE
        assert result.wildcards("train", "experiment") == {"GR-DEEP"}
        assert result.wildcards("score", "scored") == {"GR-DEEP"}


class TestDirectory:
    """A corpus that is read in place.

    Planning compares path, size and time stamp of each file and opens none, for a corpus may be
    large: here, unlike with an archive, a mere touch may rerun what follows from the index.
    """

    def test_one_replaced_file_reruns_from_the_index_on(self, built_project, tmp_path):
        corpus = tmp_path / "ravdess"
        shutil.copytree(built_project.results / "corpora" / "ravdess" / "clips", corpus)
        config = {"corpora": {"ravdess": {"source": str(corpus), "partial": True}}}
        assert built_project.run("features", config=config).rules == FROM_INDEX_TO_FEATURES
        assert built_project.run("features", config=config).did_nothing

        replaced, other = clips_of_dogs(corpus)[:2]
        manifest = read(built_project, "corpora/ravdess/manifest.tsv")
        shutil.copyfile(other, replaced)
        result = built_project.run("features", config=config)
        assert result.rules == FROM_INDEX_TO_FEATURES
        assert read(built_project, "corpora/ravdess/manifest.tsv") != manifest


@pytest.mark.parametrize(
    ("scale", "folds", "runs_a_job", "accents"),
    [("paper", 5, 1, 3 * 10 + 2 * 6), ("quick", 3, 3, 3 + 2)],
)
def test_the_large_scales_plan_their_trainings(project, scale, folds, runs_a_job, accents):
    """24 networks of the paper and one that it lacks; of five of them a clean twin. Two baselines,
    in both variants. On the second corpus three networks in ten folds, two clean twins in six.
    """
    config = {"scale": scale, "variants": ["paper", "clean"]}
    planned = project.run("all", "-n", config=config).planned
    jobs = folds // runs_a_job
    assert planned["train"] == 30 * jobs + accents
    assert planned["fit"] == 4 * jobs
    assert planned["download"] == 2 + 1
    assert planned["simulate"] == 0
    assert planned["table"] == 7


def overrides(**sections: dict) -> dict:
    """A configuration that changes sections of the paper."""
    return {"overrides": {"papers": {"gresnets": sections}}}


def read(project: Project, file: str) -> str:
    return (project.results / file).read_text(encoding="utf-8")


def clips_of_dogs(corpus: Path) -> list[Path]:
    """Clips of the sentence about dogs, which the dataset consists of."""
    return sorted(corpus.rglob("03-??-??-??-02-*.wav"))
