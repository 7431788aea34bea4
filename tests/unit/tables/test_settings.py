import json

import pytest
from pydantic import ValidationError

from retable.errors import DataError
from retable.spec.table import Reading
from retable.tables.settings import read_setting


@pytest.fixture
def sources(tmp_path):
    """What is built of GR-G-M, as far as the paper's settings look."""
    files = {
        "model": {"parameters": 1, "structure": {"blocks": 7, "filters": [32, 64, 64, 96]}},
        "feature": {"feature": {"height": 257, "width": 399, "overlap_percent": 50.0}},
        "split": {"folds": 5},
        "fusion": {"classifiers": 24, "combinations": 9},
    }
    paths = {name: tmp_path / f"{name}.json" for name in files}
    for name, content in files.items():
        paths[name].write_text(json.dumps(content))
    adam = {"name": "Adam", "learning_rate": 1e-3}
    for part, runs in enumerate(([(0, 0), (0, 1), (1, 0)], [(1, 1), (2, 0), (2, 1)])):
        paths[f"run{part}"] = tmp_path / f"run{part}.json"
        content = [{"repeat": r, "fold": f, "optimizer": adam} for r, f in runs]
        paths[f"run{part}"].write_text(json.dumps(content))
    paths["other split"] = tmp_path / "other.json"
    paths["other split"].write_text(json.dumps({"folds": 4}))
    clips = {
        # Durations in eighths of a second, which floats hold exactly.
        "manifest": "a\t48000\t1\tspeech\t3.5\nb\t48000\t2\tspeech\t4\nc\t48000\t2\tsong\t4.125\n",
        "other manifest": "d\t24414\t3\tspeech\t2.0\n",
    }
    for name, rows in clips.items():
        paths[name] = tmp_path / f"{name}.tsv"
        paths[name].write_text(f"clip_id\tsample_rate\tspeaker\tspeech_song\tduration_s\n{rows}")
    built = {
        "model": [paths["model"]],
        "feature": [paths["feature"]],
        # A part of three runs each, a split for each of two inputs, a manifest for each of three
        # datasets, two of them of one corpus.
        "run": [paths["run0"], paths["run1"]],
        "split": [paths["split"], paths["other split"]],
        "manifest": [paths["manifest"], paths["other manifest"], paths["manifest"]],
        "corpus": [paths["split"], paths["other split"]],
    }
    return {"GR-G-M": built, "all-24": {"fusion": [paths["fusion"]]}}


def setting(source: str, key: str, **more: object) -> Reading:
    place = {"source": source, "experiment": "GR-G-M", "key": key}
    return Reading.model_validate({**place, **more})


@pytest.mark.parametrize(
    ("reading", "published", "expected"),
    [
        (setting("model", "structure.blocks"), "7", "7"),
        (setting("model", "structure.filters.3"), "96", "96"),
        (setting("feature", "feature.overlap_percent"), "50", "50"),
        (setting("run", "optimizer.learning_rate"), "0.001", "0.001"),
        (setting("run", "optimizer.name"), "SGD", "Adam"),
        (setting("run", "repeat", reduce="count"), "3", "3"),
        (setting("split", "folds"), "10", "5"),
        (setting("split", "folds", input=1), "4", "4"),
        (setting("fusion", "classifiers", experiment="all-24"), "24", "24"),
        (setting("manifest", "sample_rate", scale=0.001), "48", "48"),
        (setting("manifest", "speaker", reduce="count"), "24", "2"),
        (setting("manifest", "speaker", where={"speech_song": "song"}), "2", "2"),
        (setting("manifest", "sample_rate", input=1), "24414", "24414"),
        (setting("corpus", "folds", input=1), "4", "4"),
    ],
)
def test_reads_what_was_built(sources, reading, published, expected):
    assert read_setting(reading, sources, published) == expected


@pytest.mark.parametrize(
    ("reading", "published", "expected"),
    [
        # What a guess among three values, or two, gets right.
        (setting("manifest", "duration_s", reduce="chance", scale=100, decimals=1), "16.7", "33.3"),
        (setting("manifest", "speaker", reduce="chance", scale=100), "50", "50"),
        (setting("run", "repeat", reduce="chance", decimals=2), "0.3", "0.33"),
        # A share as fine as it is asked for, however it is printed.
        (setting("model", "structure.blocks", scale=1 / 3, decimals=1), "2", "2.3"),
        (setting("split", "folds", decimals=1), "5", "5.0"),
        (setting("manifest", "sample_rate", scale=1e-5, decimals=1), "0.48", "0.5"),
        (setting("run", "repeat", reduce="count", decimals=0), "10", "3"),
    ],
)
def test_a_number_has_the_decimals_that_are_asked_for(sources, reading, published, expected):
    assert read_setting(reading, sources, published) == expected


@pytest.mark.parametrize("key", ["optimizer.name", "optimizer.nesterov"])
def test_only_numbers_have_decimals(sources, key):
    for path in sources["GR-G-M"]["run"]:
        runs = json.loads(path.read_text())
        for run in runs:
            run["optimizer"]["nesterov"] = True
        path.write_text(json.dumps(runs))
    with pytest.raises(DataError, match=rf"run0\.json: {key} is .*, which has no decimals; name a"):
        read_setting(setting("run", key, decimals=1), sources, "SGD")


def duration(**more: object) -> Reading:
    return setting("manifest", "duration_s", **{"reduce": "mean", **more})


@pytest.mark.parametrize(
    ("reading", "published", "expected"),
    [
        (duration(decimals=2), "3", "3.88"),  # (3.5 + 4 + 4.125) / 3 = 3.875
        (duration(decimals=1, where={"speech_song": "speech"}), "3", "3.8"),  # 3.75
        (duration(decimals=0), "3.5", "4"),
        (duration(), "3.5", "3.9"),
        (duration(decimals=0, scale=1000), "3", "3875"),
        (duration(decimals=2, input=1), "2", "2.00"),
    ],
)
def test_a_mean_is_taken_over_clips(sources, reading, published, expected):
    assert read_setting(reading, sources, published) == expected


def test_a_mean_is_that_of_numbers(sources):
    with pytest.raises(
        DataError, match=r"manifest\.tsv: column 'speech_song' holds 'speech', of w"
    ):
        read_setting(setting("manifest", "speech_song", reduce="mean"), sources, "3")
    (_, other, _) = sources["GR-G-M"]["manifest"]
    for gap in ("", "nan", "inf"):
        other.write_text(f"clip_id\tduration_s\nd\t2.0\ne\t{gap}\n")
        with pytest.raises(DataError, match=rf"other manifest\.tsv: .* holds '{gap}', of which"):
            read_setting(duration(input=1), sources, "3")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"source": "model", "reduce": "count"}, "reduce is count, but a model is one; count in"),
        ({"source": "run", "reduce": "mean"}, "a run has no clips; take it of dataset or mani"),
        ({"source": "split", "reduce": "chance"}, "reduce is chance, but a split is one; count in"),
    ],
)
def test_what_clips_alone_have_is_asked_of_no_other_source(asked, message):
    with pytest.raises(ValidationError, match=message):
        Reading(experiment="GR-G-M", key="epochs", **asked)


def test_an_equal_power_of_ten_is_printed_as_one(sources):
    # Adam's rate of 0.001; cabcnn writes its weight decay of 10^-8 like that.
    rate = setting("run", "optimizer.learning_rate", scale=1e-5)
    assert read_setting(rate, sources, "1e-8") == "1e-8"
    assert read_setting(rate, sources, "1.0e-8") == "1.0e-8"
    assert read_setting(rate, sources, "1e-7") == "0.00000001"


def test_an_unequal_number_is_never_rounded_to_the_printed_one(sources):
    rate = setting("run", "optimizer.learning_rate", scale=0.55)
    assert read_setting(rate, sources, "0.001") == "0.00055"
    assert read_setting(setting("manifest", "sample_rate", scale=0.001), sources, "44.1") == "48"


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (setting("model", "structure.depth"), r"model\.json: .*no 'depth' .* blocks, filters"),
        (setting("model", "structure.filters.9"), "no '9' among 0, 1, 2, 3; correct `key`"),
        (setting("model", "structure.filters"), "is not a single value; name one of 0, 1, 2, 3"),
        (
            setting("manifest", "actor"),
            r"manifest\.tsv: no column 'actor'; there is clip_id.*; correct `key`",
        ),
        (setting("manifest", "speaker"), "not the same for all clips: 1, 2"),
        (setting("manifest", "speaker", where={"speech_song": "opera"}), "no clip has"),
        (setting("run", "optimizer.momentum"), "no 'momentum' .* name, learning_rate"),
    ],
)
def test_what_is_absent_is_named(sources, reading, message):
    with pytest.raises(DataError, match=message):
        read_setting(reading, sources, "7")


def test_runs_that_disagree_are_refused_in_whatever_part(sources):
    (_, second) = sources["GR-G-M"]["run"]
    runs = json.loads(second.read_text())
    runs[1]["optimizer"] = {"name": "SGD", "learning_rate": 1e-3}
    second.write_text(json.dumps(runs))
    with pytest.raises(DataError, match=r"run1\.json: optimizer\.name differs .* Adam, SGD"):
        read_setting(setting("run", "optimizer.name"), sources, "Adam")


def test_an_input_that_is_not_there_is_named(sources):
    with pytest.raises(DataError, match="has no input 2; its inputs are counted from 0 to 1"):
        read_setting(setting("split", "folds", input=2), sources, "4")
    with pytest.raises(DataError, match="has no dataset 3; its datasets are counted from 0 to 2"):
        read_setting(setting("manifest", "speaker", input=3), sources, "4")


def test_a_source_that_was_not_built_is_named(sources):
    reading = Reading(source="model", experiment="GR-SVM-M", key="x")
    with pytest.raises(DataError, match="fusion 'GR-SVM-M' has no file for source 'model'"):
        read_setting(reading, sources, "7")
