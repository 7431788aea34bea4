"""The embeddings that a part keeps of all its clips."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file
from sample_crops import (
    CLASSES,
    CLIPS,
    EMBEDDING,
    STEPS_PER_EPOCH,
    clip_features,
    crop_part,
    middles,
    train_crops,
    write_crop_inputs,
)
from sample_part import result_bytes, stopped_in_step, work_folder
from sample_patches import patch_part, write_patch_inputs

from retable.errors import ConfigError
from retable.evaluation.embeddings import read_embeddings
from retable.evaluation.predictions import read_predictions, score_matrix
from retable.registry import MODELS

pytestmark = pytest.mark.usefixtures("embedding_network")


def hidden_layer(weights: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """The sample network's embedding in evaluation mode, in numpy: (clips, size)."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    linear = flat @ weights["hidden.weight"].T + weights["hidden.bias"]
    deviation = np.sqrt(weights["normalisation.running_var"] + 1e-5)
    normalised = (linear - weights["normalisation.running_mean"]) / deviation
    scaled = normalised * weights["normalisation.weight"] + weights["normalisation.bias"]
    return np.maximum(scaled, 0)


@pytest.mark.parametrize("crop", ["centre", "random"])
def test_all_clips_are_embedded_as_they_are_predicted(crop_inputs, tmp_path, crop):
    """By their middles, whatever training saw, and without dropout or statistics of a batch."""
    outputs = train_crops(tmp_path / "part0", crop_part(embed=True, crop=crop), crop_inputs)
    table = read_embeddings([outputs.embeddings])
    assert len(table) == 2 * sum(CLIPS.values())
    for repeat in (0, 1):
        rows = table[table["repeat"] == repeat].set_index("clip_id").sort_index()
        assert rows["role"].tolist() == np.repeat([*CLIPS], [*CLIPS.values()]).tolist()
        assert set(rows["fold"]) == {0}
        weights = load_file(outputs.weights / f"repeat{repeat}-fold0.safetensors")
        expected = hidden_layer(weights, middles(clip_features()))
        assert expected.shape[1] == EMBEDDING and expected.std() > 0.1
        found = np.stack(rows["embedding"].tolist())
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_predictions_are_built_on_the_embeddings(crop_inputs, tmp_path):
    outputs = train_crops(tmp_path / "part0", crop_part(runs=1, embed=True), crop_inputs)
    weights = load_file(outputs.weights / "repeat0-fold0.safetensors")
    tested = read_embeddings([outputs.embeddings], ["test"])
    predicted = read_predictions([outputs.predictions], ["test"]).table
    for task in CLASSES:
        rows = predicted[predicted["task"] == task]
        assert rows["clip_id"].tolist() == tested["clip_id"].tolist()
        embeddings = np.stack(tested["embedding"].tolist())
        logits = embeddings @ weights[f"heads.{task}.weight"].T + weights[f"heads.{task}.bias"]
        odds = np.exp(logits)
        expected = odds / odds.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(score_matrix(rows), expected, rtol=1e-4)


def test_embeddings_of_mixed_precision_are_stored_as_single(crop_inputs, tmp_path):
    part = crop_part(runs=1, embed=True, precision="bfloat16")
    outputs = train_crops(tmp_path / "part0", part, crop_inputs)
    found = np.stack(read_embeddings([outputs.embeddings])["embedding"].tolist())
    weights = load_file(outputs.weights / "repeat0-fold0.safetensors")
    # Clips are sorted by role first: test, train, validation.
    order = [*range(16, 24), *range(16)]
    expected = hidden_layer(weights, middles(clip_features()))[order]
    assert found.dtype == np.float32
    difference = np.abs(found - expected).max()
    assert 1e-5 < difference < 0.05, "embedded in the precision of predictions"


def test_keeping_embeddings_changes_nothing_else(crop_inputs, tmp_path):
    kept = train_crops(tmp_path / "kept", crop_part(embed=True), crop_inputs)
    plain = train_crops(tmp_path / "plain", crop_part(), crop_inputs)
    assert result_bytes(kept) == result_bytes(plain)
    assert plain.embeddings is None
    assert "embeddings.parquet" not in [path.name for path in (tmp_path / "plain").iterdir()]


def test_a_finished_run_keeps_its_embeddings_until_the_part_is_finished(crop_inputs, tmp_path):
    """The job is stopped in the second run, whose embeddings are joined to those of the first."""
    part = crop_part(embed=True, crop="random")
    in_one_go = train_crops(tmp_path / "reference", part, crop_inputs)
    with stopped_in_step(3 * STEPS_PER_EPOCH + 2):
        train_crops(tmp_path / "part0", part, crop_inputs)
    (kept,) = work_folder(tmp_path / "part0").glob("*/*/embeddings.parquet")
    assert kept.parent.name == "repeat0-fold0"
    assert set(read_embeddings([kept])["repeat"]) == {0}
    before = kept.stat().st_mtime_ns
    with stopped_in_step(1):
        train_crops(tmp_path / "part0", part, crop_inputs)
    assert kept.stat().st_mtime_ns == before, "a finished run is not embedded again"
    resumed = train_crops(tmp_path / "part0", part, crop_inputs)
    assert resumed.embeddings.read_bytes() == in_one_go.embeddings.read_bytes()
    assert result_bytes(resumed) == result_bytes(in_one_go)
    assert not work_folder(tmp_path / "part0").exists()


def test_clips_that_are_stored_whole_are_embedded_too(tmp_path):
    plain = write_crop_inputs(tmp_path / "middles", cropped=False)
    outputs = train_crops(tmp_path / "part0", crop_part(embed=True), plain)
    (record, _) = json.loads(outputs.runs.read_text())
    assert record["crop"] is None
    assert len(read_embeddings([outputs.embeddings])) == 48


def test_a_network_without_embeddings_is_refused(crop_inputs, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "gresnet", "retable.models.gresnet:GatedResidualNetwork")
    message = (
        r"NET paper: 1 fault\n  - embed is set, but the network gresnet has no embeddings; leave "
        r"out embed, or choose a network that has them, such as vggvox$"
    )
    with pytest.raises(ConfigError, match=message):
        train_crops(tmp_path / "part0", crop_part(embed=True), crop_inputs)


def test_clips_of_several_samples_are_refused(tmp_path):
    scenes, _ = write_patch_inputs(tmp_path / "inputs")
    part = patch_part("scene").model_copy(update={"embed": True})
    message = (
        r"  - embed keeps one embedding a clip, but the feature makes 9 samples of a clip; leave "
        r"out embed, or give the experiment a feature of one channel that is not cut into patches$"
    )
    with pytest.raises(ConfigError, match=message):
        train_crops(tmp_path / "part0", part, scenes)
