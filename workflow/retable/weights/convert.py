"""Published weights as tensors under torchvision's own names, whatever form they come in.

Publishers save them as a pickle, which may hold code, under the names that a network's layers had
then. Here they become a safetensors file that a network of today's torchvision loads as it is.
"""

import pickle
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torchvision import models

from retable.checksums import file_checksum
from retable.errors import DataError, listed
from retable.json_files import write_json
from retable.spec.remote_file import RemoteFile
from retable.weights.source import as_safetensors

OLD_NAMES = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.(?:weight|bias|running_mean|running_var))$"
)
"""Names with a dot within a module's own, as the files of DenseNet have them; torchvision removes
it by this pattern where it loads them (`torchvision.models.densenet`)."""

BATCHES = ".num_batches_tracked"
"""Batch normalisation's count of batches. Old files lack it: torch then takes 0, and so do we."""

DAMAGE = (
    OSError, EOFError, RuntimeError, LookupError, ValueError, TypeError, AttributeError,
    AssertionError, OverflowError, struct.error, pickle.UnpicklingError, SafetensorError,
)  # fmt: skip
"""What reading a file raises that is not what its beginning promises."""

State = dict[str, torch.Tensor]
"""Name of a parameter or buffer -> its values."""


def convert_weights(published: Path, file: RemoteFile, architecture: str, weights: Path) -> None:
    """Writes the weights of an architecture for 1000 classes, as torchvision's network names them.

    Args:
        published: the file, a state dict as `torch.save` writes it, or safetensors.
        file: what upstream publishes, for messages.
        architecture: by torchvision's name.
        weights: the safetensors file to write.

    Raises:
        DataError: the file holds anything but tensors, is damaged, or its tensors are not those of
            the architecture.
    """
    state, expected = _with_names_of_today(read_state(published, file)), _state_of(architecture)
    for name, values in expected.items():
        if name.endswith(BATCHES):
            state.setdefault(name, torch.zeros_like(values, device="cpu"))
    if faults := _differences(state, expected):
        raise DataError(
            f"{published}: these are not weights of {architecture} for {_classes(expected)} "
            f"classes: {'; '.join(faults)}. {_again(file)}"
        )
    # Tensors that share memory, or lie in it in another order, cannot be saved as they are.
    save_file({name: values.contiguous().clone() for name, values in state.items()}, weights)


def write_origin(
    published: Path,
    checksum: Path,
    weights: Path,
    file: RemoteFile,
    facts: Mapping[str, str],
    origin: Path,
) -> None:
    """Writes a JSON that says which weights these are, wherever they were read from.

    What starts from them depends on it: the same file gives the same text from any place.

    Args:
        published: the file that they were converted from.
        checksum: its SHA-256 as `write_checksum` leaves it.
        weights: what it was converted to.
        file: what upstream publishes.
        facts: what else there is to say.
        origin: the file to write: `facts`, the name that the file was published under, its
            `sha256`, and that of what it was converted to.
    """
    name = as_safetensors(file).name if _is_safetensors(published) else file.name
    sha256 = checksum.read_text(encoding="utf-8").split()[0]
    converted = file_checksum(weights, "sha256")
    content = {**facts, "file": name, "sha256": sha256, "converted_sha256": converted}
    write_json(content, origin)


def read_state(published: Path, file: RemoteFile) -> State:
    """The tensors of a state file by name.

    No code in it is run: only tensors and containers of them are unpickled.

    Raises:
        DataError: it holds something else, or cannot be read.
    """
    try:
        if _is_safetensors(published):
            return load_file(published)
        state = torch.load(published, map_location="cpu", weights_only=True)
    except DAMAGE as error:
        if code := re.search(r"\bGLOBAL (\S+)", str(error)):
            raise DataError(
                f"{published}: holds more than tensors: to read it is to run {code[1]}, and "
                f"with it whatever its maker wants, so it was not read. {_again(file)}"
            ) from None
        raise DataError(f"{published}: cannot be read ({_reason(error)}). {_again(file)}") from None
    if not isinstance(state, Mapping) or not all(map(torch.is_tensor, state.values())):
        raise DataError(
            f"{published}: holds {_described(state)}, expected tensors by the names of parameters, "
            f"as in `torch.save(network.state_dict(), file)`. {_again(file)}"
        )
    return dict(state)


def _is_safetensors(path: Path) -> bool:
    """Whether a file begins with the length of a header and the header, which is JSON."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _with_names_of_today(state: State) -> State:
    return {OLD_NAMES.sub(r"\1\2", name): values for name, values in state.items()}


def _state_of(architecture: str) -> State:
    """Names and shapes of torchvision's own network, without values."""
    with torch.device("meta"):
        return models.get_model(architecture, weights=None).state_dict()


def _differences(state: State, expected: State) -> list[str]:
    """What is missing, unexpected or has another shape, a clause each."""
    missing = [name for name in expected if name not in state]
    unexpected = [name for name in state if name not in expected]
    shapes = [
        f"{name} is {_shape(state[name])}, expected {_shape(values)}"
        for name, values in expected.items()
        if name in state and state[name].shape != values.shape
    ]
    clauses = {
        f"lacks {listed(missing, 3)}": missing,
        f"has {listed(unexpected, 3)}, which the network has not": unexpected,
        listed(shapes, 3): shapes,
    }
    return [clause for clause, names in clauses.items() if names]


def _classes(expected: State) -> int:
    """Rows of the last layer."""
    return len([*expected.values()][-1])


def _shape(values: torch.Tensor) -> str:
    return "x".join(map(str, values.shape)) or "scalar"


def _described(state: Any) -> str:
    if not isinstance(state, Mapping):
        return f"an object of type {type(state).__name__}"
    others: Sequence[str] = [str(name) for name, held in state.items() if not torch.is_tensor(held)]
    return f"no tensor under {listed(others, 3)}"


def _reason(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__


def _again(file: RemoteFile) -> str:
    return (
        f"Remove it and fetch {file.name} from {' or '.join(file.urls)}, or, where these are "
        f"weights that you trust, put their tensors as {as_safetensors(file).name} "
        "(`safetensors.torch.save_file`) into a directory and name that as the source of the "
        "weights in config.yaml."
    )
