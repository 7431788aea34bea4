"""What a network sees: numbered samples, cut, standardised and mixed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sample_part import CLASSES as IMAGE_CLASSES
from sample_part import write_inputs, write_shard
from sample_patches import (
    CHANNELS,
    CLASSES,
    HOP_FRAMES,
    PATCHES,
    SHAPE,
    mixed_part,
    patch_part,
    write_patch_inputs,
)
from sample_waveforms import CLASSES as WAVEFORM_CLASSES
from sample_waveforms import STORED, clip_lengths, write_waveform_inputs

from retable.errors import DataError
from retable.features.store import FeatureStore, Patch
from retable.training.data import ClipData, load_clips
from retable.training.part_input import load_input
from retable.training.samples import Samples, mixed
from retable.training.standardisation import Standardisation

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return write_patch_inputs(tmp_path_factory.mktemp("inputs") / "patches")


def load(files):
    task = files.dataset.stem
    return load_input(files, {task: CLASSES[task]}, CPU)


def test_samples_are_numbered_by_clip_channel_and_segment(inputs):
    data = load(inputs[0]).data
    samples = data.samples(["scene02", "scene00"])
    assert samples.tolist() == [*range(18, 27), *range(0, 9)]
    clips, channels, segments = data.places(samples)
    assert clips.tolist() == [2] * 9 + [0] * 9
    assert channels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2] * 2
    assert segments.tolist() == [0, 1, 2] * 6


@pytest.mark.parametrize("place", [0, 1], ids=["scenes", "events"])
def test_a_sample_is_its_patch_of_the_stored_image_standardised_by_band(inputs, place):
    files = inputs[place]
    loaded, run = load(files), patch_part("scene").runs[1]
    samples = loaded.samples(run, 0, patch_part("scene").training)
    (task,) = samples.tasks
    statistics = loaded.standardisations[0, 1]
    numbers = samples.data.samples([f"{task}05", f"{task}11"])
    patches = samples.patches(numbers)
    assert patches.shape == (len(numbers), 1, *SHAPE)
    assert patches.dtype == torch.float32 and patches.is_contiguous()
    stored = FeatureStore(files.feature_shards).rows([f"{task}05", f"{task}11"])
    expected = [
        (image[:, start : start + SHAPE[1]].astype(np.float32) - mean[:, None]) / sd[:, None]
        for clip in stored
        for image, mean, sd in zip(clip, statistics.mean, statistics.sd, strict=True)
        for start in range(0, PATCHES[task] * HOP_FRAMES, HOP_FRAMES)
    ]
    np.testing.assert_array_equal(patches.squeeze(1).numpy(), np.stack(expected))


def test_a_sample_stays_as_stored_without_a_standardisation(inputs):
    plain, part = replace(inputs[1], standardisation=None), patch_part("event")
    samples = load(plain).samples(part.runs[0], 0, part.training)
    patches = samples.patches(samples.data.samples(["event05", "event11"]))
    stored = FeatureStore(plain.feature_shards).rows(["event05", "event11"])
    expected = [
        image[:, start : start + SHAPE[1]]
        for image in stored[:, 0].astype(np.float32)
        for start in (0, HOP_FRAMES)
    ]
    np.testing.assert_array_equal(patches.squeeze(1).numpy(), np.stack(expected))


def test_every_run_is_standardised_by_its_own_training_clips(inputs):
    """Zero mean and unit variance over the stored frames of the fold's training clips alone."""
    loaded, part = load(inputs[0]), patch_part("scene")
    for run in part.runs:
        clips = loaded.roles[0, run.fold]["train"]
        stored = FeatureStore(inputs[0].feature_shards).rows(clips).astype(np.float64)
        statistics = loaded.standardisations[0, run.fold]
        np.testing.assert_allclose(statistics.mean, stored.mean(axis=(0, 3)), rtol=1e-5)
        samples = loaded.samples(run, 0, part.training)
        assert samples.clips == {"train": 8, "validation": 4, "test": 6}
        trained = samples.patches(samples.roles["train"])
        assert trained.mean().abs() < 0.1 and abs(trained.std() - 1) < 0.1
    first, second = (loaded.samples(run, 0, part.training) for run in part.runs)
    tested = first.roles["test"]
    assert not torch.equal(first.patches(tested), second.patches(tested))


def test_overlapping_patches_and_the_stored_type_take_no_more_memory(inputs):
    data = load(inputs[0]).data
    assert data.features.dtype == torch.float16
    assert data.patches.data_ptr() == data.features.data_ptr()
    assert data.patches.shape == (18 * 3, 3, *SHAPE)
    assert data.patches.numel() > data.features.numel()


def test_a_feature_without_channels_is_one_sample_a_clip(tmp_path):
    files = write_inputs(tmp_path)
    data = load_clips(files.datasets, files.feature_shards, IMAGE_CLASSES, CPU)
    assert (data.channels, data.segments, data.patch_shape) == (("mono",), 1, (12, 10))
    samples = Samples(data, {"train": ["clip03", "clip20"]})
    stored = FeatureStore(files.feature_shards).rows(["clip03", "clip20"])
    patches = samples.patches(samples.roles["train"])
    np.testing.assert_array_equal(patches.numpy(), stored[:, None].astype(np.float32))


@pytest.mark.parametrize(
    ("stored", "seen"),
    [((12, 10), (1, 12, 10)), ((30,), (1, 30)), ((3, 8, 8), (3, 8, 8))],
    ids=["image", "waveform", "image in colour"],
)
def test_a_sample_has_its_channels_first_as_networks_take_it(stored, seen):
    features = torch.randn(5, 1, *stored, generator=torch.Generator().manual_seed(0))
    data = ClipData(tuple("abcde"), features.half(), {"task": torch.zeros(5, dtype=torch.int64)})
    assert (data.patch_shape, data.input_shape) == (stored, seen)
    samples = Samples(data, {"test": ["d", "a"]})
    patches = samples.patches(samples.roles["test"])
    assert patches.shape == (2, *seen) and patches.dtype == torch.float32
    torch.testing.assert_close(patches.flatten(1), data.features[[3, 0]].float().flatten(1))


def test_a_batch_can_be_cut_shorter_than_it_is_stored():
    waves = torch.arange(60, dtype=torch.float16).reshape(5, 1, 12)
    data = ClipData(tuple("abcde"), waves, {"task": torch.zeros(5, dtype=torch.int64)})
    cut = Samples(data, {}).patches(torch.tensor([4, 1]), length=3)
    assert cut.tolist() == [[[48, 49, 50]], [[12, 13, 14]]]
    cut.zero_()
    assert data.features[4, 0, :3].tolist() == [48, 49, 50], "a batch has memory of its own"


def test_clips_come_with_the_lengths_that_their_store_says(tmp_path):
    files = write_waveform_inputs(tmp_path)
    data = load_clips(files.datasets, files.feature_shards, WAVEFORM_CLASSES, CPU)
    assert (data.input_shape, data.lengths.dtype) == ((1, STORED), torch.int64)
    assert data.lengths.tolist() == clip_lengths().tolist()
    ends = [int(wave.nonzero().max()) + 1 for wave in data.features[:, 0]]
    assert ends == data.lengths.tolist()


def test_lengths_are_part_of_what_a_checkpoint_was_trained_on(tmp_path):
    files = write_waveform_inputs(tmp_path)
    data = load_clips(files.datasets, files.feature_shards, WAVEFORM_CLASSES, CPU)
    digests = [
        replace(data, lengths=lengths).digest()
        for lengths in (data.lengths, data.lengths.clone(), data.lengths - 1, None)
    ]
    assert digests[0] == data.digest() == digests[1]
    assert len(set(digests)) == 3


def known(task: str, values: list[float], target: int) -> ClipData:
    """One clip of one band and two frames a patch, cut into patches one frame apart."""
    features = torch.tensor([[[values]]], dtype=torch.float16)
    patch = Patch(frames=2, hop_frames=1, patches=len(values) - 1)
    return ClipData((task,), features, {task: torch.tensor([target])}, ("mono",), patch)


def test_mixtures_of_known_patches_by_hand():
    """Equations 1 to 3: 0.25 of [4, 8] and 0.75 of [12, 4] is [10, 5], with both labels."""
    scenes = Samples(known("scene", [4, 8, -4], 2), {"train": ["scene"]})
    events = Samples(known("event", [0, 12, 4], 1), {"train": ["event"]})
    samples, partners = torch.tensor([0, 1, 0]), torch.tensor([1, 0, 0])
    patches, targets = mixed(scenes, samples, events, partners, weight=0.25)
    assert patches.tolist() == [[[[10.0, 5.0]]], [[[2.0, 8.0]]], [[[1.0, 11.0]]]]
    assert {task: of_task.tolist() for task, of_task in targets.items()} == {
        "scene": [2, 2, 2],
        "event": [1, 1, 1],
    }


def test_patches_are_mixed_after_each_is_standardised():
    """(4 - 2) / 2 = 1 and (12 - 6) / 3 = 2, so that half of each is 1.5."""
    two, three = np.full((1, 1), 2, np.float32), np.full((1, 1), 3, np.float32)
    scenes = Samples(known("scene", [4, 4], 0), {}, Standardisation(two, two))
    events = Samples(known("event", [12, 12], 0), {}, Standardisation(2 * three, three))
    first = torch.tensor([0])
    assert mixed(scenes, first, events, first, 0.5)[0].tolist() == [[[[1.5, 1.5]]]]


@pytest.mark.parametrize(("held_out", "weights"), [("pure", (1, 1)), ("scaled", (0.7, 0.3))])
def test_predicted_samples_are_not_mixed_and_scaled_where_asked_for(inputs, held_out, weights):
    part = mixed_part(weight=0.7, mixup={"held_out": held_out})
    for position, (files, weight) in enumerate(zip(inputs, weights, strict=True)):
        samples = load(files).samples(part.runs[0], position, part.training)
        tested = samples.roles["test"]
        torch.testing.assert_close(samples.unmixed(tested), weight * samples.patches(tested))


def test_targets_are_those_of_the_clips_of_the_samples(inputs):
    data = load(inputs[1]).data
    samples = Samples(data, {"train": data.clip_ids})
    targets = samples.targets(samples.roles["train"])["event"]
    assert targets.tolist() == np.repeat(np.arange(18) % 2, PATCHES["event"]).tolist()


def test_a_store_that_is_cut_otherwise_than_its_index_says_is_named(inputs, tmp_path):
    files, shard = inputs[1], tmp_path / "shard000.npy"
    clip_ids = [f"event{clip:02d}" for clip in range(18)]
    patch = {"frames": 10, "hop_frames": 4, "patches": 3}
    features = np.zeros((18, 1, 12, 14), np.float16)
    write_shard(shard, clip_ids, features, channels=CHANNELS["event"], patch=patch)
    message = (
        r"shard000\.npy: holds 1 channels of 2 patches a clip; its index expects 1 \(mono\) of 3"
    )
    with pytest.raises(DataError, match=message):
        load_clips(files.datasets, [shard], {"event": CLASSES["event"]}, CPU)
