from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from sample_part import sample_part, train, write_shard

from retable.errors import DataError
from retable.evaluation.predictions import read_predictions
from retable.spec.part import Part
from retable.training.attention_examples import write_attention_examples
from retable.training.attention_examples_file import read_attention_example_file
from retable.training.inputs import InputFiles

RATE = 400
STEP = 4
"""Samples: two poolings of stride 2."""
CLASSES = ("AU", "UK", "US")
FREQUENCIES = {"AU": 20, "UK": 45, "US": 90}
"""Hz: what tells the classes apart."""
LONGEST = 200
DRAW, FOLD = 1, 0
"""Of the split, for the part's only run; in draw 0 roles are turned around."""


def length_of(clip: int) -> int:
    """Clips last between 81 and 199 samples; few are whole steps."""
    return 81 + (clip * 37) % 119


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> InputFiles:
    """36 clips of one frequency each in noise; every third of a class is tested."""
    folder = tmp_path_factory.mktemp("inputs")
    generator = np.random.default_rng(0)
    # Clips are stored in another order than that of their names.
    clips = [(f"clip{number:02d}", CLASSES[number % 3], number) for number in range(36)][::-1]
    values = np.zeros((len(clips), LONGEST), dtype=np.float32)
    for row, (_, name, number) in zip(values, clips, strict=True):
        time = np.arange(length_of(number)) / RATE
        row[: len(time)] = np.sin(2 * np.pi * FREQUENCIES[name] * time)
        row[: len(time)] += 0.5 * generator.standard_normal(len(time))
    files = InputFiles(
        [folder / "dataset.tsv"],
        [folder / "shard000.npy"],
        folder / "roles.tsv",
        None,
        ["simulated"],
    )
    clip_ids = [clip_id for clip_id, _, _ in clips]
    lengths = np.array([length_of(number) for _, _, number in clips])
    write_shard(
        files.feature_shards[0], clip_ids, values, lengths=lengths, kind="waveform", rate=RATE
    )
    labels = pd.DataFrame({"clip_id": clip_ids, "accent": [name for _, name, _ in clips]})
    labels.to_csv(files.dataset, sep="\t", index=False)
    roles = ["train", "test", "validation"]
    rows = [(draw, FOLD, clip_id, roles[(number // 3 + draw) % 3])
            for draw in (0, 1) for clip_id, _, number in clips]  # fmt: skip
    table = pd.DataFrame(rows, columns=["repeat", "fold", "clip_id", "role"])
    table.to_csv(files.split, sep="\t", index=False)
    return files


def attention_part(**model) -> Part:
    content = sample_part(1, epochs=8, batching="masked").model_dump()
    content["model"] = {
        "kind": "classifier_attention",
        "layers": [
            {"filters": 8, "kernel": 4, "pool": 4, "stride": 2},
            {"filters": 8, "kernel": 10, "pool": 4, "stride": 2, "dropout": 0.1},
        ],
        "classifiers": 5,
        "classifier_units": [4],
        "attention_units": [8],
        "pooling": "mean",
    } | model
    content["tasks"], content["classes"] = [["accent"]], {"accent": CLASSES}
    content["runs"] = [{"repeat": 1, "fold": FOLD, "seed": 3, "draw": DRAW}]
    return Part.model_validate(content)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, files):
    """The files of a run of a few epochs."""
    return train(tmp_path_factory.mktemp("run") / "part0", attention_part(), files)


def write(folder, files, weights, part=None, classes=("US", "AU")):
    path = folder / "examples.npz"
    write_attention_examples(part or attention_part(), files, weights, classes, path)
    return read_attention_example_file(path)


def test_a_class_is_shown_by_the_first_clip_that_the_run_tests(tmp_path, files, trained):
    examples = write(tmp_path, files, trained.weights)
    # In draw 1 clips 0 to 2 test, which would train in draw 0; AU, UK, US take turns.
    assert [(clip.name, clip.clip_id) for clip in examples.clips] == [
        ("US", "clip02"),
        ("AU", "clip00"),
    ]
    assert (examples.task, examples.classes) == ("accent", CLASSES)


def test_a_clip_is_cut_to_its_own_whole_steps(tmp_path, files, trained):
    us, au = write(tmp_path, files, trained.weights).clips
    # Clip 2 has 81 + 74 = 155 samples, 38 steps of 4 and 3 samples; clip 0 has 81, 20 and 1.
    assert (len(us.waveform), len(us.weights)) == (152, 38)
    assert (len(au.waveform), len(au.weights)) == (80, 20)
    stored = np.load(files.feature_shards[0])[-1]
    np.testing.assert_array_equal(au.waveform, stored[:80].astype(np.float16))


def test_steps_last_as_long_as_the_samples_that_they_pool(tmp_path, files, trained):
    assert write(tmp_path, files, trained.weights).step_s == STEP / RATE


def test_what_is_shown_is_what_the_run_predicted(tmp_path, files, trained):
    predictions = read_predictions([trained.predictions]).table
    scores = predictions[predictions["role"] == "test"].set_index("clip_id")["scores"]
    for clip in write(tmp_path, files, trained.weights).clips:
        # A masked batch counts a clip's whole steps alone.
        np.testing.assert_allclose(clip.predicted, scores[clip.clip_id], atol=1e-5)
        # The output is the mean over steps (Fig. 1).
        np.testing.assert_allclose(
            clip.probabilities.mean(0, dtype=float), clip.predicted, atol=1e-3
        )
        np.testing.assert_allclose(clip.weights.sum(1, dtype=float), 1, atol=5e-3)
        assert clip.weights.shape[1] == 5


def test_a_classifier_that_the_attention_unit_always_prefers_has_all_the_weight(
    tmp_path, files, trained
):
    weights = load_file(trained.weights / "repeat1-fold0.safetensors")
    # The last layer of the attention unit: only its biases speak, and they name classifier 3.
    weights["attention_block.attention.2.weight"].zero_()
    weights["attention_block.attention.2.bias"] = torch.tensor([0.0, 0, 0, 30, 0])
    save_file(weights, tmp_path / "repeat1-fold0.safetensors")
    for clip in write(tmp_path, files, tmp_path).clips:
        np.testing.assert_allclose(clip.weights, [[0, 0, 0, 1, 0]] * len(clip.weights), atol=1e-6)


def test_equal_inputs_give_equal_bytes_on_any_number_of_threads(tmp_path, files, trained):
    paths = [tmp_path / name for name in ("a.npz", "b.npz")]
    for threads, path in enumerate(paths, start=1):
        torch.set_num_threads(threads)
        write_attention_examples(attention_part(), files, trained.weights, CLASSES, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_class_without_a_test_clip_is_named(tmp_path, files, trained):
    with pytest.raises(
        DataError,
        match=r"roles\.tsv: repeat 1, fold 0 has no test clip of accent 'NZ'; correct `classes` of "
        r"the figure to classes among AU, UK, US",
    ):
        write(tmp_path, files, trained.weights, classes=("AU", "NZ"))
    part = attention_part()
    other = part.model_copy(update={"runs": (part.runs[0].model_copy(update={"draw": 2}),)})
    with pytest.raises(DataError, match=r"roles\.tsv: has no repeat 2, fold 0"):
        write(tmp_path, files, trained.weights, other)


def test_weights_that_are_not_the_networks_are_named(tmp_path, files, trained):
    with pytest.raises(DataError, match=r"repeat1-fold0\.safetensors: holds no weights of this"):
        write(tmp_path, files, tmp_path)
    (tmp_path / "repeat1-fold0.safetensors").write_text("nothing")
    with pytest.raises(DataError, match=r"repeat1-fold0\.safetensors: holds no weights of this"):
        write(tmp_path, files, tmp_path)
    with pytest.raises(DataError, match=r"this network \(.*size mismatch"):
        write(tmp_path, files, trained.weights, attention_part(classifiers=6))


def test_clips_that_cannot_be_shown_over_time_are_named(tmp_path, files, trained):
    shard = tmp_path / "shard000.npy"
    other = replace(files, feature_shards=[shard])
    clip_ids = [f"clip{number:02d}" for number in range(3)]
    values = np.zeros((3, LONGEST), dtype=np.float32)
    write_shard(shard, clip_ids, values, lengths=np.array([3, 200, 200]), rate=RATE)
    with pytest.raises(
        DataError, match=r"dataset\.tsv: clip 'clip00' has 3 samples, but a step of"
    ):
        write(tmp_path, other, trained.weights)
    write_shard(shard, clip_ids, values, bands=LONGEST)
    with pytest.raises(DataError, match=r"shard000\.json: its facts bands do not tell the rate"):
        write(tmp_path, other, trained.weights)


def test_a_file_that_is_none_is_refused(tmp_path):
    path = tmp_path / "examples.npz"
    path.write_text("nothing")
    with pytest.raises(DataError, match=r"examples\.npz: holds no examples of attention"):
        read_attention_example_file(path)
