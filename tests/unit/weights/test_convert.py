"""From a publisher's file to tensors that today's network loads."""

import hashlib
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from sample_weights import remote_file, saved, state_of
from torchvision import models

from retable.checksums import write_checksum
from retable.errors import DataError
from retable.weights.convert import convert_weights, write_origin

FILE = remote_file("resnet18", b"any")
STEM = FILE.name.removesuffix(".pth")


@pytest.fixture(scope="module")
def state():
    return state_of("resnet18")


def converted(path: Path, architecture: str = "resnet18") -> dict[str, torch.Tensor]:
    target = path.parent / "converted.safetensors"
    convert_weights(path, FILE, architecture, target)
    return load_file(target)


def assert_same(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_state_file_keeps_its_names_and_values(tmp_path, state, zipped):
    path = saved(tmp_path / FILE.name, state, _use_new_zipfile_serialization=zipped)
    assert_same(converted(path), state)


def test_safetensors_are_told_by_their_content(tmp_path, state):
    save_file(state, tmp_path / STEM)
    assert_same(converted(tmp_path / STEM), state)


def test_tensors_may_be_parameters_and_share_memory(tmp_path, state):
    """As `torch.save(dict(network.named_parameters()))` and slices of a larger tensor have it."""
    whole = torch.zeros(2, *state["conv1.weight"].shape)
    given = {
        **state,
        "conv1.weight": torch.nn.Parameter(whole[1]),
        "bn1.weight": whole[0, :, 0, 0, 0],
    }
    assert_same(converted(saved(tmp_path / "file", given)), given)


def test_old_names_of_densenet_become_those_of_today(tmp_path):
    """The published files are of a time when a layer's modules were `norm.1`, `conv.2` and so on,
    and batch normalisation counted no batches."""
    state = state_of("densenet121")
    old = {
        name.replace(".norm1.", ".norm.1.")
        .replace(".norm2.", ".norm.2.")
        .replace(".conv1.", ".conv.1.")
        .replace(".conv2.", ".conv.2."): values
        for name, values in state.items()
        if not name.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.running_var" in old
    assert "features.denseblock4.denselayer16.conv.2.weight" in old
    ours = converted(saved(tmp_path / "file", old), "densenet121")
    assert_same(ours, state)
    # torchvision's network takes it whole.
    models.densenet121(weights=None).load_state_dict(ours, strict=True)


def test_equal_tensors_give_equal_bytes_whatever_form_and_order_they_come_in(tmp_path, state):
    save_file(state, tmp_path / "a")
    backwards = dict(reversed(state.items()))
    saved(tmp_path / "b", backwards, _use_new_zipfile_serialization=False)
    for name in ("a", "b"):
        convert_weights(tmp_path / name, FILE, "resnet18", tmp_path / f"{name}.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


class Code:
    """What pickle would call `os.mkdir` for."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path, state, zipped):
    content = {**state, "fc.bias": Code(tmp_path / "made")}
    path = saved(tmp_path / FILE.name, content, _use_new_zipfile_serialization=zipped)
    with pytest.raises(DataError) as raised:
        converted(path)
    assert str(raised.value) == (
        f"{path}: holds more than tensors: to read it is to run posix.mkdir, and with it whatever "
        f"its maker wants, so it was not read. Remove it and fetch {FILE.name} from "
        f"https://up.example/{FILE.name}, or, where these are weights that you trust, put their "
        f"tensors as {STEM}.safetensors (`safetensors.torch.save_file`) into a directory and name "
        "that as the source of the weights in config.yaml."
    )
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "converted.safetensors").exists()


def test_a_whole_network_is_refused(tmp_path):
    path = saved(tmp_path / "file", torch.nn.Linear(2, 2))
    with pytest.raises(DataError, match=r"file: holds more than tensors: .* torch\.nn\.modules"):
        converted(path)


@pytest.mark.parametrize(
    ("content", "described"),
    [
        ({"epoch": 3, "state_dict": {}}, "no tensor under epoch, state_dict"),
        ([torch.zeros(2)], "an object of type list"),
    ],
)
def test_what_is_no_state_is_described(tmp_path, content, described):
    with pytest.raises(DataError) as raised:
        converted(saved(tmp_path / "file", content))
    assert f"file: holds {described}, expected tensors by the names of" in str(raised.value)


@pytest.mark.parametrize("format", ["zip", "legacy", "safetensors"])
def test_a_file_that_is_cut_off_cannot_be_read(tmp_path, state, format):
    path = tmp_path / "file"
    if format == "safetensors":
        save_file(state, path)
    else:
        saved(path, state, _use_new_zipfile_serialization=format == "zip")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"file: cannot be read \(.+\)\. Remove it and fetch"):
        converted(path)


@pytest.mark.parametrize("content", [b"", b"<html><title>Not found</title></html>", bytes(100)])
def test_what_is_no_file_of_weights_cannot_be_read(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DataError, match=r"file: cannot be read \(.+\)\. Remove it and fetch"):
        converted(tmp_path / "file")


def test_tensors_of_other_names_and_shapes_are_named(tmp_path, state):
    other = {name: values for name, values in state.items() if not name.startswith("layer1.0.bn")}
    other |= {"conv1.weight": torch.zeros(96, 3, 7, 7), "fc.bias": torch.zeros(8)}
    other["head.weight"] = torch.zeros(1)
    with pytest.raises(DataError) as raised:
        converted(saved(tmp_path / "file", other))
    # Counts of batches may be missing: 2 x (weight, bias, running mean, running variance) are not.
    assert (
        "file: these are not weights of resnet18 for 1000 classes: lacks layer1.0.bn1.weight, "
        "layer1.0.bn1.bias, layer1.0.bn1.running_mean and 5 more; has head.weight, which the "
        "network has not; conv1.weight is 96x3x7x7, expected 64x3x7x7, fc.bias is 8, expected "
        "1000. Remove it"
    ) in str(raised.value)


def test_weights_of_another_architecture_are_refused(tmp_path, state):
    with pytest.raises(DataError, match="not weights of squeezenet1_0 for 1000 classes: lacks"):
        converted(saved(tmp_path / "file", state), "squeezenet1_0")


FACTS = {"weights": "imagenet", "architecture": "resnet18"}


def origin_of(path: Path, folder: Path) -> str:
    """What is written of the origin of weights in a file, wherever it lies."""
    write_checksum(path, folder / "sha256")
    (folder / "converted").write_bytes(b"tensors")
    write_origin(path, folder / "sha256", folder / "converted", FILE, FACTS, folder / "origin.json")
    return (folder / "origin.json").read_text()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_the_origin_names_the_file_as_it_was_published(tmp_path, suffix):
    path = tmp_path / STEM
    state = {"a": torch.zeros(1)}
    save_file(state, path) if suffix == ".safetensors" else saved(path, state)
    assert json.loads(origin_of(path, tmp_path)) == {
        **FACTS,
        "file": f"{STEM}{suffix}",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "converted_sha256": hashlib.sha256(b"tensors").hexdigest(),
    }


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_the_same_file_has_the_same_origin_from_any_place(tmp_path, suffix):
    """A mirror's file has no suffix among the results; a directory's may be a link."""
    (tmp_path / "given").mkdir()
    given = tmp_path / "given" / f"{STEM}{suffix}"
    state = {"a": torch.zeros(1)}
    save_file(state, given) if suffix == ".safetensors" else saved(given, state)
    (tmp_path / STEM).write_bytes(given.read_bytes())
    (tmp_path / given.name).symlink_to(given)
    texts = {origin_of(tmp_path / name, tmp_path) for name in (STEM, given.name)}
    assert len(texts) == 1
