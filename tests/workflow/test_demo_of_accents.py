"""The demo of accents: waveforms and pictures, repeats and early stopping, a corpus on request."""

import json
from pathlib import Path

import numpy as np
import pytest

from built_tables import built_table, paper_table
from retable.training.attention_examples_file import read_attention_example_file


def run_records(results: Path, experiment: str, variant: str = "paper") -> list[dict]:
    path = results / "runs" / "cabcnn" / experiment / variant / "part0" / "run.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_tables_of_the_best_run_and_of_the_mean_are_wired_to_these(results):
    """None of it depends on how well a network learns: it fails where a row shows another run."""
    best = paper_table(results, "cabcnn", "table3").query("variant == 'paper'")
    best = best.query("metric == 'Accuracy'").set_index("row")["reproduced"].astype(float)
    mean = paper_table(results, "cabcnn", "table7").query("variant == 'paper'")
    mean = mean.query("metric == 'Accuracy'").set_index("row")["reproduced"].astype(float)
    by_validation = best[[f"{row}, by validation" for row in mean.index]].to_numpy()
    best = best[mean.index]
    assert (best >= mean - 0.0001).all() and (best > mean).any()
    assert (best >= by_validation).all()


def test_a_note_says_which_run_was_chosen(results):
    line = paper_table(results, "cabcnn", "table3").set_index(["row", "variant", "metric"])
    note = line.loc[("CAB-CNN-30s", "paper", "Accuracy"), "note"]
    assert "best by test accuracy" in note and "of 2" in note
    clean = line.loc[("CAB-CNN-30s", "clean", "Accuracy"), "note"]
    assert "best by validation accuracy" in clean


def test_the_confusions_of_the_best_run_give_its_accuracy(results):
    confusions = paper_table(results, "cabcnn", "table6")
    accuracies = paper_table(results, "cabcnn", "table4").query("metric == 'Accuracy'")
    accuracies = accuracies.query("variant == 'paper'").set_index("row")["reproduced"]
    for length in ("5s", "10s", "30s", "60s"):
        own = confusions[confusions["row"].str.startswith(f"CAB-CNN-{length}|")]
        counts = own["reproduced"].astype(int).to_numpy().reshape(3, 3)
        accuracy = np.trace(counts) / counts.sum()
        assert float(accuracies[f"CAB-CNN-{length}"]) == pytest.approx(accuracy, abs=6e-5)


def test_the_tables_of_counts_and_layers_are_read_from_what_was_built(results):
    counts = paper_table(results, "cabcnn", "table1").set_index(["row", "column"])
    clips = built_table(results, "datasets/utpodcast-all.tsv")
    assert counts.loc[("Total", "Total"), "reproduced"] == str(len(clips))
    uk = clips[clips["accent"] == "UK"]
    assert counts.loc[("Total", "UK"), "reproduced"] == str(len(uk))
    assert counts.loc[("Training", "UK"), "reproduced"] == str(int(0.6 * len(uk) + 1e-9))
    assert "contradicts" in counts.loc[("Test", "UK"), "note"]
    layers = paper_table(results, "cabcnn", "table2").set_index(["row", "column"])
    assert layers.loc[("Conv1D_4", "size"), "reproduced"] == "10x1"
    assert layers.loc[("Conv1D_4", "size"), "verdict"] == "as printed"
    # The demo's network is narrower.
    assert layers.loc[("Conv1D_4", "filters"), "verdict"] == "differs"


def test_early_stopping_and_the_lengths_of_batches_are_recorded(results):
    for record in run_records(results, "CA-CAB-30"):
        assert record["patience"] == 15 and record["selection"] == "best_validation"
        assert 1 <= record["best_epoch"] <= record["epochs"]
        seconds = np.array(record["batch_lengths"]["test"]) / 4000
        # Of clips of 0.8 to 1.6 s at most the first second is heard.
        assert (seconds >= 0.79).all() and (seconds <= 1.0).all()
    masked = run_records(results, "CA-CAB-30", "clean")
    assert all(not record.get("batch_lengths") for record in masked)


def test_accents_are_recognised_above_chance(results):
    mean = paper_table(results, "cabcnn", "table7").query(
        "variant == 'paper' and metric == 'Accuracy'"
    )
    clips = built_table(results, "datasets/utpodcast-all.tsv")
    largest_class = clips["accent"].value_counts(normalize=True).iloc[0]
    accuracy = float(mean.set_index("row").loc["CAB-CNN-30s", "reproduced"])
    assert accuracy > largest_class + 0.1
    of_speakers = paper_table(results, "gresnets", "table5").query("metric == 'Acc'")
    of_speakers = of_speakers.query("variant == 'paper'").set_index(["row", "column"])["reproduced"]
    assert float(of_speakers["Speaker identification, all folds", "GResNets+M"]) > 3 * 100 / 37
    assert float(of_speakers["Accent recognition, all folds", "GResNets+S"]) > 100 / 6 + 15


def test_an_accent_is_harder_to_tell_of_unseen_speakers(results):
    of_accents = paper_table(results, "gresnets", "table5").query(
        "metric == 'Acc' and row == 'Accent recognition, all folds' and column == 'GResNets+S'"
    )
    by_variant = of_accents.set_index("variant")["reproduced"].astype(float)
    assert by_variant["clean"] < by_variant["paper"]


def test_podcasts_and_speakers_are_apart_in_the_clean_splits(results):
    checks = built_table(results, "checks.tsv").set_index(["check", "subject"])["result"]
    assert checks["leakage of groups", "cabcnn, podcasts of utpodcast-all"] == "passed"
    assert checks["leakage of groups", "cabcnn, remix of utpodcast-all"] == "allowed"
    assert checks["leakage of speakers", "gresnets, speaker_folds of vctk-accents"] == "passed"


def test_only_the_first_microphone_of_the_speakers_in_use_is_unpacked(results):
    folder = results / "corpora" / "vctk" / "clips" / "VCTK-Corpus-0.92"
    clips = [path.name for path in folder.rglob("*.flac")]
    assert clips and all(name.endswith("_mic1.flac") for name in clips)
    assert len({name.split("_")[0] for name in clips}) == 37
    settings = paper_table(results, "gresnets", "settings").set_index(["row", "metric"])
    assert settings.loc[("VCTK", "speakers used"), "reproduced"] == "37"
    assert settings.loc[("VCTK", "accents used"), "verdict"] == "as printed"


def test_attention_is_drawn_over_time(results):
    examples = read_attention_example_file(results / "examples" / "cabcnn" / "attention.npz")
    assert sorted(clip.name for clip in examples.clips) == ["AU", "UK", "US"]
    # float16 rounds every number by at most 2**-11 of itself, and so their sum.
    within = 2**-10
    for clip in examples.clips:
        steps = len(clip.weights)
        assert steps == len(clip.waveform) // round(4000 * examples.step_s) > 30
        assert clip.weights.shape == (steps, 8) and clip.probabilities.shape == (steps, 3)
        for shares in (clip.weights, clip.probabilities):
            sums = shares.astype(np.float64).sum(axis=1)
            np.testing.assert_allclose(sums, 1, rtol=0, atol=within)
        mean = clip.probabilities.astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(clip.predicted, mean, rtol=0, atol=within)
    assert (results / "figures" / "cabcnn" / "attention.svg").stat().st_size > 10_000
