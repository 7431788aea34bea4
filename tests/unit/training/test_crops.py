"""Clips of which a network sees but a part: the middle, or one that is drawn every epoch."""

import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import sample_crops
import torch
from sample_crops import (
    CLIPS,
    CROP,
    HEIGHT,
    LONGEST,
    STEPS_PER_EPOCH,
    clip_features,
    clip_lengths,
    crop_part,
    middles,
    train_crops,
    write_crop_inputs,
)
from sample_network import Classifier
from sample_part import CPU, result_bytes, stopped_in_step, work_folder, write_shard
from sample_patches import mixed_part, write_patch_inputs
from scipy.stats import chisquare

from repository import WORKFLOW
from retable.errors import ConfigError, DataError
from retable.spec.training import Training
from retable.training.batches import Batching
from retable.training.checkpoint import Checkpoint, StopFlag
from retable.training.data import ClipData, load_clips
from retable.training.evaluate import evaluate
from retable.training.loop import RunTrainer
from retable.training.samples import Samples

DEVICE = torch.device("cpu")


pytestmark = pytest.mark.usefixtures("embedding_network")


@pytest.fixture(scope="module")
def data(crop_inputs) -> ClipData:
    return load_clips(
        crop_inputs.datasets, crop_inputs.feature_shards, sample_crops.CLASSES, DEVICE
    )


def numbered(*lengths: int, stored: int = 12, crop: int = 8) -> ClipData:
    """Clips of two rows; clip c has the values 100 c, 100 c + 1 and so on in the first."""
    columns = torch.arange(stored, dtype=torch.float16)
    clips = 100 * torch.arange(len(lengths), dtype=torch.float16)
    row = clips[:, None] + columns
    features = torch.stack([row, -row], dim=1)[:, None]
    names = tuple(f"clip{clip}" for clip in range(len(lengths)))
    targets = {"emotion": torch.arange(len(lengths)) % 2}
    return ClipData(names, features, targets, lengths=torch.tensor(lengths), crop=crop)


def test_the_middle_of_a_clip_is_that_of_its_own_length():
    """(8 - 8) // 2, (9 - 8) // 2, (11 - 8) // 2 and (12 - 8) // 2 of crops of 8."""
    data = numbered(8, 9, 11, 12)
    samples = Samples(data, {"test": data.clip_ids})
    seen = samples.unmixed(samples.roles["test"])
    assert (tuple(seen.shape), seen.dtype) == ((4, 1, 2, 8), torch.float32)
    firsts = [0, 100, 201, 302]
    assert seen[:, 0, 0].tolist() == [[*range(first, first + 8)] for first in firsts]
    assert seen[:, 0, 1].tolist() == [[-value for value in row] for row in seen[:, 0, 0].tolist()]


def test_without_lengths_it_is_that_of_what_is_stored():
    data = replace(numbered(12, 12), lengths=None)
    seen = Samples(data, {}).patches(torch.tensor([1, 0]))
    assert seen[:, 0, 0, 0].tolist() == [102, 2]


def test_a_clip_shorter_than_a_crop_is_seen_from_its_start():
    data = numbered(3, 7)
    samples = Samples(data, {"train": data.clip_ids})
    assert samples.patches(torch.tensor([0, 1]))[:, 0, 0, 0].tolist() == [0, 100]
    drawn = samples.random_starts("train", torch.Generator().manual_seed(0))
    assert drawn.tolist() == [0, 0]


def test_crops_of_channels_start_where_their_clip_says():
    mono = numbered(8, 12)
    stereo = replace(mono, features=mono.features.repeat(1, 2, 1, 1), channels=("left", "right"))
    assert stereo.samples_per_clip == 2
    seen = Samples(stereo, {}).patches(torch.arange(4))
    assert seen[:, 0, 0, 0].tolist() == [0, 0, 102, 102]


def test_a_crop_is_one_sample_a_clip_and_takes_no_memory(data):
    assert (data.input_shape, data.samples_per_clip) == ((1, HEIGHT, CROP), 1)
    assert data.samples(data.clip_ids).tolist() == [*range(sum(CLIPS.values()))]
    assert data.features.shape == (24, 1, HEIGHT, LONGEST)
    assert data.features.dtype == torch.float16
    assert data.patches.data_ptr() == data.features.data_ptr()
    seen = Samples(data, {}).patches(torch.arange(3))
    seen.zero_()
    assert data.features[:3].abs().sum() > 0, "a batch has memory of its own"


def test_all_that_is_stored_comes_from_the_store(data):
    assert data.crop == CROP
    assert data.lengths.tolist() == clip_lengths().tolist()
    seen = Samples(data, {"test": data.clip_ids}).patches(torch.arange(24))
    np.testing.assert_array_equal(seen[:, 0], middles(clip_features()))


def test_random_crops_are_uniform_over_those_that_fit():
    """4,000 draws for clips with one, two and five crops that fit."""
    data = numbered(8, 9, 12)
    samples = Samples(data, {"train": data.clip_ids})
    generator = torch.Generator().manual_seed(11)
    drawn = torch.stack([samples.random_starts("train", generator) for _ in range(4000)])
    assert drawn.dtype == torch.int64
    counts = [np.bincount(starts) for starts in drawn.T.numpy()]
    assert [len(of_clip) for of_clip in counts] == [1, 2, 5]
    assert chisquare(counts[1]).pvalue > 0.01 and chisquare(counts[2]).pvalue > 0.01


def test_crops_are_drawn_for_the_clips_of_the_role():
    data = numbered(12, 8, 8, 12)
    samples = Samples(data, {"train": ["clip3", "clip1", "clip2"]})
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([samples.random_starts("train", generator) for _ in range(50)])
    assert drawn.amax(0).tolist() == [4, 0, 0]


def trainer_of(data: ClipData, **training: object) -> RunTrainer:
    fields = {"epochs": 4, "batch_size": 4, "optimizer": "sgd", "learning_rate": 0.1, **training}
    model = Classifier({"emotion": 2}, features=16)
    samples = Samples(data, {"train": data.clip_ids[:8], "test": data.clip_ids[8:]})
    return RunTrainer("NET", model, [samples], Training.model_validate(fields), CPU, seed=5)


def starts_by_epoch(data: ClipData, tmp_path, **training: object) -> np.ndarray:
    """(epochs, training clips) First column of what the network saw of each."""
    trainer = trainer_of(data, **training)
    trainer.train(Checkpoint(tmp_path / "run.checkpoint", minutes=60), StopFlag())
    epochs = torch.cat(trainer.model.batches).unflatten(0, (4, 8))[:, :, 0]
    rows = epochs[:, :, 0]
    assert (rows.diff(dim=-1) == 1).all(), "a crop is of neighbouring columns"
    assert torch.equal(epochs[:, :, 1], -rows), "and the same in all rows"
    firsts = rows[..., 0].long().numpy()
    clips = firsts // 100
    assert np.array_equal(np.sort(clips), [[*range(8)]] * 4), "every clip once an epoch"
    return np.take_along_axis(firsts % 100, clips.argsort(axis=1), axis=1)


LENGTHS = (8, 9, 10, 11, 12, 12, 12, 8, 12, 9)
"""Eight training clips and two test clips."""


def test_training_sees_the_middle_in_every_epoch(tmp_path):
    starts = starts_by_epoch(numbered(*LENGTHS), tmp_path)
    assert starts.tolist() == [[0, 0, 1, 1, 2, 2, 2, 0]] * 4


def test_training_sees_another_crop_in_every_epoch_where_it_is_random(tmp_path):
    starts = starts_by_epoch(numbered(*LENGTHS), tmp_path, crop="random")
    assert (starts >= 0).all() and (starts <= np.array(LENGTHS[:8]) - CROP).all()
    assert len({tuple(epoch) for epoch in starts.tolist()}) == 4
    again = starts_by_epoch(numbered(*LENGTHS), tmp_path, crop="random")
    assert np.array_equal(starts, again), "the seed decides"


def test_prediction_sees_the_middle_also_where_training_does_not():
    trainer = trainer_of(numbered(*LENGTHS), crop="random")
    (samples,) = trainer.inputs
    trainer._begin_epoch()
    batching = Batching(trainer.training, trainer.model, seed=5)
    logits = evaluate(trainer.model, samples, "test", batching)["emotion"]
    middle = samples.data.features[[8, 9], :, :, :]
    expected = torch.stack([middle[0, ..., 2:10], middle[1, ..., 0:8]]).float()
    torch.testing.assert_close(logits, trainer.model(expected)["emotion"].detach())


def test_centre_crops_give_the_bytes_of_clips_that_are_stored_as_their_middles(
    crop_inputs, tmp_path
):
    """Nothing is drawn for them: order, dropout and so weights are those without a crop."""
    plain = write_crop_inputs(tmp_path / "middles", cropped=False)
    stored = train_crops(tmp_path / "stored", crop_part(), plain)
    cropped = train_crops(tmp_path / "cropped", crop_part(), crop_inputs)
    assert result_bytes(cropped) == result_bytes(stored)
    drawn = train_crops(tmp_path / "drawn", crop_part(crop="random"), crop_inputs)
    assert result_bytes(drawn) != result_bytes(stored)


@pytest.mark.parametrize("step", [1, 2, STEPS_PER_EPOCH, STEPS_PER_EPOCH + 2, 4 * STEPS_PER_EPOCH])
def test_a_stopped_training_goes_on_with_the_same_crops(crop_inputs, tmp_path, caplog, step):
    """Stopped in the first step of an epoch, within one, after its last, and in a later run."""
    part = crop_part(crop="random")
    in_one_go = train_crops(tmp_path / "reference", part, crop_inputs)
    with stopped_in_step(step):
        train_crops(tmp_path / "part0", part, crop_inputs)
    caplog.set_level(logging.INFO, logger="retable")
    resumed = train_crops(tmp_path / "part0", part, crop_inputs)
    assert any("resumed in epoch" in message for message in caplog.messages)
    assert result_bytes(resumed) == result_bytes(in_one_go)


def test_a_job_killed_within_an_epoch_goes_on_to_the_bytes_of_an_undisturbed_one(
    crop_inputs, tmp_path
):
    in_one_go = train_crops(tmp_path / "reference", crop_part(crop="random"), crop_inputs)
    folder, second_epoch_second_step = tmp_path / "part0", STEPS_PER_EPOCH + 2
    arguments = [crop_inputs.dataset.parent, folder, second_epoch_second_step]
    job = subprocess.run(
        [sys.executable, sample_crops.__file__, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(WORKFLOW)},
    )
    assert job.returncode == -signal.SIGKILL
    assert [*work_folder(folder).glob("*/repeat0-fold0.checkpoint")]
    resumed = train_crops(folder, crop_part(crop="random"), crop_inputs)
    assert result_bytes(resumed) == result_bytes(in_one_go)


@pytest.mark.parametrize("crop", ["centre", "random"])
def test_a_checkpoint_holds_the_crops_of_its_epoch(crop_inputs, tmp_path, crop):
    with stopped_in_step(2):
        train_crops(tmp_path / "part0", crop_part(crop=crop), crop_inputs)
    (checkpoint,) = work_folder(tmp_path / "part0").glob("*/*.checkpoint")
    starts = torch.load(checkpoint, weights_only=True)["progress"]["starts"]
    if crop == "centre":
        assert starts is None
        return
    surplus = clip_lengths()[: CLIPS["train"]] - CROP
    assert starts.shape == (CLIPS["train"],) and (starts.numpy() <= surplus).all()
    assert (starts.numpy() != surplus // 2).any()


def test_another_crop_starts_a_stopped_training_afresh(data):
    digests = [replace(data, crop=crop).digest() for crop in (CROP, CROP - 1, None)]
    assert digests[0] == data.digest()
    assert len(set(digests)) == 3


@pytest.mark.parametrize("crop", ["centre", "random"])
def test_the_record_and_the_log_say_what_is_cropped(crop_inputs, tmp_path, caplog, crop):
    caplog.set_level(logging.INFO, logger="retable")
    outputs = train_crops(tmp_path / "part0", crop_part(crop=crop), crop_inputs)
    assert {record["crop"] for record in json.loads(outputs.runs.read_text())} == {crop}
    loaded = "NET paper: 2 runs of 3 epochs on cpu, 24 clips of at most 14 columns, cropped to 3x8"
    assert loaded in caplog.messages


def test_the_record_of_a_feature_that_is_seen_whole_has_no_crop(tmp_path):
    plain = write_crop_inputs(tmp_path / "middles", cropped=False)
    outputs = train_crops(tmp_path / "part0", crop_part(), plain)
    assert {record["crop"] for record in json.loads(outputs.runs.read_text())} == {None}


def test_random_crops_of_a_feature_that_is_seen_whole_are_refused(tmp_path):
    plain = write_crop_inputs(tmp_path / "middles", cropped=False)
    message = (
        r"NET paper: 1 fault\n  - training\.crop is random, but the feature has no more of a clip "
        r"than a network sees at once; leave out training\.crop, or give the experiment a feature "
        r"that stores longer clips, such as normalised_spectrogram$"
    )
    with pytest.raises(ConfigError, match=message):
        train_crops(tmp_path / "part0", crop_part(crop="random"), plain)


@pytest.mark.parametrize("batching", ["shortest", "masked"])
def test_a_cropped_feature_is_batched_whole(crop_inputs, tmp_path, batching):
    message = (
        rf"  - training\.batching is {batching}, but the feature is cropped, so that what a "
        "network sees of all clips is equally long; set batching: whole$"
    )
    with pytest.raises(ConfigError, match=message):
        train_crops(tmp_path / "part0", crop_part(batching=batching), crop_inputs)


def test_mixtures_are_not_of_random_crops(tmp_path):
    message = (
        r"  - training\.crop is random, and training\.mixup mixes the middles of clips; leave out "
        r"training\.crop or mixup$"
    )
    with pytest.raises(ConfigError, match=message):
        files = write_patch_inputs(tmp_path / "inputs")
        train_crops(tmp_path / "part0", mixed_part(crop="random"), *files)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"crop": 11}, r"shard000\.npy: holds 10 columns a clip; its index .* to 11 columns\."),
        ({"crop": 0}, r"shard000\.npy: holds 10 columns a clip; its index .* to 0 columns\."),
        (
            {"crop": 4, "patch": {"frames": 4, "hop_frames": 2, "patches": 4}},
            r"holds 10 columns a clip, cut into patches; its index expects clips that are not cut",
        ),
    ],
    ids=["too long", "of nothing", "of patches"],
)
def test_a_store_that_cannot_be_cropped_is_named(tmp_path, facts, message):
    shard, dataset = tmp_path / "shard000.npy", tmp_path / "dataset.tsv"
    write_shard(shard, ["a", "b"], np.zeros((2, 3, 10), np.float16), **facts)
    dataset.write_text("clip_id\temotion\na\tcalm\nb\tangry\n")
    with pytest.raises(DataError, match=message):
        load_clips([dataset], [shard], {"emotion": ("angry", "calm")}, DEVICE)
