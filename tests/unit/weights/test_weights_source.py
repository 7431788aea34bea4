"""Where published weights are read from."""

from pathlib import Path

import pytest
from sample_weights import published, remote_file

from retable.errors import DataError
from retable.weights.source import resolve_weights

NAMES = {"alexnet": b"alexnet", "resnet18": b"resnet18", "vgg11": b"vgg11"}
FILES = {name: remote_file(name, content) for name, content in NAMES.items()}
ALEXNET, RESNET = (FILES[name].name for name in ("alexnet", "resnet18"))
WEIGHTS = published(FILES)


def test_none_has_no_files():
    source = resolve_weights(WEIGHTS, "none", ["resnet18"])
    assert (source.kind, source.stored, source.candidates("resnet18")) == ("none", {}, [])


def test_upstream_has_the_published_file():
    source = resolve_weights(WEIGHTS, "upstream", ["resnet18", "alexnet"])
    assert source.candidates("resnet18") == [FILES["resnet18"]]
    assert source.stored == {ALEXNET: "alexnet", RESNET: "resnet18"}


def test_a_mirror_is_asked_for_the_published_file_and_then_for_safetensors():
    source = resolve_weights(WEIGHTS, "http://mirror.example/pub/", ["resnet18"])
    first, second = source.candidates("resnet18")
    stem = RESNET.removesuffix(".pth")
    assert first.urls == (f"http://mirror.example/pub/{RESNET}",)
    assert first.sha256 == FILES["resnet18"].sha256
    assert second.urls == (f"http://mirror.example/pub/{stem}.safetensors",)
    assert second.checksum == ""
    # Which of the two it is turns out when it is fetched.
    assert source.stored == {stem: "resnet18"}


def test_a_directory_has_the_published_file_or_safetensors(tmp_path):
    stem = RESNET.removesuffix(".pth")
    (tmp_path / ALEXNET).touch()
    (tmp_path / f"{stem}.safetensors").touch()
    source = resolve_weights(WEIGHTS, str(tmp_path), ["resnet18", "alexnet"])
    assert (source.kind, source.location) == ("directory", str(tmp_path))
    assert source.candidates("alexnet") == [FILES["alexnet"]]
    (file,) = source.candidates("resnet18")
    assert (file.name, file.checksum) == (f"{stem}.safetensors", "")
    assert source.stored == {ALEXNET: "alexnet", f"{stem}.safetensors": "resnet18"}


def test_what_a_directory_lacks_is_named_with_where_to_get_it(tmp_path):
    (tmp_path / ALEXNET).touch()
    (tmp_path / "old").mkdir()
    with pytest.raises(DataError) as raised:
        resolve_weights(WEIGHTS, str(tmp_path), ["alexnet", "resnet18"])
    stem = RESNET.removesuffix(".pth")
    assert str(raised.value) == (
        f"{tmp_path} holds no {RESNET} or {stem}.safetensors: it holds {ALEXNET}, old/. Fetch "
        f"https://up.example/{RESNET} into it, or set weights.imagenet.source to 'upstream' to "
        "download what is needed, or to 'none' to train from scratch."
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "upstrem",
            "'upstrem' is no source of weights imagenet: did you mean 'upstream'? Expected 'none', "
            f"'upstream', an address (https://…), or a directory; {Path.cwd()} has none of that "
            "name",
        ),
        (
            "ftp://mirror.example/weights",
            "'ftp://mirror.example/weights' is no address to download weights from: expected "
            "http:// or https://, 'none', 'upstream', or a directory",
        ),
    ],
)
def test_a_text_that_is_no_source_is_refused(source, message):
    with pytest.raises(DataError) as raised:
        resolve_weights(WEIGHTS, source, [])
    assert str(raised.value) == message


def test_a_directory_that_does_not_exist_is_named_with_the_nearest(tmp_path):
    (tmp_path / "wieghts").mkdir()
    with pytest.raises(DataError) as raised:
        resolve_weights(WEIGHTS, str(tmp_path / "weights" / "imagenet"), [])
    assert str(raised.value) == (
        f"the directory {tmp_path}/weights/imagenet does not exist. The nearest that does, "
        f"{tmp_path}, holds wieghts/. Correct the path, or use 'upstream' to download the weights."
    )


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / RESNET).touch()
    with pytest.raises(DataError, match=f"is a file, .* the one that it lies in, {tmp_path}$"):
        resolve_weights(WEIGHTS, str(tmp_path / RESNET), ["resnet18"])
