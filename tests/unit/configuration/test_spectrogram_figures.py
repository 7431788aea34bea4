"""What is said of a figure with spectrograms that cannot be drawn."""

import pytest
import yaml

from repository import WORKFLOW

PAPER = "papers/waves/paper.yaml"
FIGURE = {
    "kind": "spectrograms",
    "title": "Happy and angry",
    "caption": "",
    "experiments": ["NET"],
    "by": "emotion",
    "classes": ["happy", "angry"],
    "where": {"speech_song": "speech", "speaker": "01"},
    "level_band": {"low_hz": 5000, "high_hz": 15000},
}


def test_a_figure_of_the_emotions(read, edit):
    edit(PAPER, figures={"pair": FIGURE})
    figure = read().papers["waves"].figures["pair"]
    assert figure.draws == "examples"
    assert figure.classes == ("happy", "angry")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"classes": ["happy", "angy"]},
            "classes: no 'angy' in column emotion of ravdess; did you mean 'angry'?",
        ),
        (
            {"where": {"speech_song": "spech"}},
            "where.speech_song: no 'spech' in column speech_song of ravdess; "
            "did you mean 'speech'?",
        ),
        ({"where": {"statement": "03"}}, "where.statement: no '03' in column statement of ravdess"),
        (
            {"each": {"angy": {"statement": "01"}}},
            "each: 'angy' is no class of the figure; did you mean 'angry'?",
        ),
        (
            {"each": {"angry": {"speech_song": "spech"}}},
            "each.angry.speech_song: no 'spech' in column speech_song of ravdess; "
            "did you mean 'speech'?",
        ),
        ({"classes": ["happy", "happy"]}, "classes: 'happy' is there twice"),
        (
            {"classes": ["happy"]},
            "level_band: compares the first two classes, and there is one",
        ),
        (
            {"by": "speaker", "classes": ["01", "02"]},
            "level_band: compares classes speaker by speaker, which speakers cannot be",
        ),
        (
            {"level_band": {"high_hz": 25000}},
            "level_band: 5000 to 25000 Hz is no band between 0 and 24000 Hz, "
            "half the sample rate of stft",
        ),
        ({"level_band": {"high_hz": 3000}}, "level_band: 5000 to 3000 Hz is no band between 0"),
        (
            {"level_band": {"low_hz": 800, "high_hz": 1400}},
            "level_band: no bin of stft lies in 800 to 1400 Hz; bins are 750 Hz apart",
        ),
    ],
)
def test_a_fault_names_the_figure_and_what_was_expected(faults, edit, change, fault):
    edit(PAPER, figures={"pair": FIGURE})
    edit(PAPER, figures={"pair": change})
    (found,) = faults()
    assert found.startswith(f"papers.waves.figures.pair.{fault}")


VGGVOX = WORKFLOW / "papers" / "vggvox_mtl" / "paper.yaml"
NORMALISED = yaml.safe_load(VGGVOX.read_text(encoding="utf-8"))["features"]["spectrogram"]


def test_each_class_may_have_filters_of_its_own_and_waveforms(read, edit):
    own = {"each": {"angry": {"speaker": "02"}}, "waveforms": True}
    edit(PAPER, figures={"pair": FIGURE | own})
    clips = read().papers["waves"].figures["pair"].example_clips()
    assert clips.each == {"angry": {"speaker": "02"}}
    assert clips.waveforms


@pytest.mark.parametrize(
    ("band", "fault"),
    [
        ({"low_hz": 2000, "high_hz": 5000}, None),
        (
            {"low_hz": 5000, "high_hz": 15000},
            "5000 to 15000 Hz is no band between 0 and 8000 Hz, half the sample rate of vgg",
        ),
        # 512 points, not the window's 400 samples: 31.25 Hz apart, at 93.75 and 125 Hz here.
        (
            {"low_hz": 94, "high_hz": 124},
            "no bin of vgg lies in 94 to 124 Hz; bins are 31.25 Hz apart",
        ),
        ({"low_hz": 94, "high_hz": 125}, None),
    ],
)
def test_a_normalised_spectrogram_is_shown_by_its_transform(read, faults, edit, band, fault):
    edit(PAPER, features={"vgg": NORMALISED}, experiments={"NET": {"feature": "vgg"}})
    edit(PAPER, figures={"pair": FIGURE | {"level_band": band}})
    if fault:
        assert faults() == [f"papers.waves.figures.pair.level_band: {fault}"]
    else:
        assert read().papers["waves"].figures["pair"]


def test_the_feature_of_the_experiment_is_a_spectrogram(faults, edit):
    statistics = {
        "kind": "logmel_statistics", "sample_rate": 48000, "window": 2048, "hop": 512, "bands": 8,
    }  # fmt: skip
    edit(PAPER, features={"statistics": statistics})
    edit(PAPER, experiments={"NET": {"feature": "statistics"}}, figures={"pair": FIGURE})
    assert faults() == [
        "papers.waves.figures.pair.experiments: the feature of NET, statistics, is of kind "
        "logmel_statistics; choose an experiment whose feature is of kind spectrogram or "
        "normalised_spectrogram"
    ]


def test_an_experiment_that_does_not_exist_is_told_once(faults, edit):
    edit(PAPER, figures={"pair": {**FIGURE, "experiments": ["NUT"]}})
    assert faults() == ["papers.waves.figures.pair: no experiment 'NUT'; did you mean 'NET'?"]
