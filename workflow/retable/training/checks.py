"""Whether the inputs, the network and the training of a part fit together."""

from collections.abc import Iterator, Sequence

from torch import nn

from retable.errors import ConfigError, DataError, listed
from retable.spec.part import Part
from retable.training.batches import can_mask, shortest_input
from retable.training.part_input import PartInput


def check_inputs(part: Part, inputs: Sequence[PartInput]) -> None:
    """Raise ConfigError unless the inputs can be trained on as the part says."""
    _raise_any(part, [*_mixup_faults(part, inputs), *_length_faults(part, inputs)])


def _mixup_faults(part: Part, inputs: Sequence[PartInput]) -> Iterator[str]:
    assert part.training is not None
    shapes = [one.data.patch_shape for one in inputs]
    if len(set(shapes)) > 1:
        yield (
            "inputs: training.mixup adds patches of one shape, and these are of "
            f"{' and '.join('x'.join(map(str, shape)) for shape in shapes)}"
        )
    if part.training.mixup and part.training.batching != "whole":
        yield (
            "training.mixup adds patches of one shape, and training.batching is "
            f"{part.training.batching}; set batching: whole, or leave out mixup"
        )


def _length_faults(part: Part, inputs: Sequence[PartInput]) -> Iterator[str]:
    assert part.training is not None
    kind = part.training.batching
    if kind != "whole" and any(one.data.lengths is None for one in inputs):
        yield (
            f"training.batching is {kind}, but the feature makes all clips equally long; "
            "set batching: whole, or give the experiment a feature of kind waveform"
        )


def check_network(part: Part, network: nn.Module, inputs: Sequence[PartInput]) -> None:
    """Refuse what the network cannot take.

    Raises:
        ConfigError: clips are to be masked, and the network cannot.
        DataError: a clip is shorter than one step of the network.
    """
    assert part.training is not None
    if part.training.batching == "masked" and not can_mask(network):
        fault = (
            f"training.batching is masked, but the network {part.model.kind} cannot leave out "
            "what lies past a clip's end; set batching: whole or shortest"
        )
        _raise_any(part, [fault])
    for one in inputs:
        _check_lengths(one, shortest_input(network), part.model.kind)


def _check_lengths(one: PartInput, least: int, kind: str) -> None:
    lengths = one.data.lengths_on_host
    if lengths is None or int(lengths.min()) >= least:
        return
    short = [
        f"{clip_id!r} ({length})"
        for clip_id, length in zip(one.data.clip_ids, lengths.tolist(), strict=True)
        if length < least
    ]
    raise DataError(
        f"{', '.join(map(str, one.files.datasets))}: the network {kind} needs clips of at least "
        f"{least} samples of the feature, one of its steps; shorter are {listed(short)}. Leave "
        "them out by `where` of the dataset in the corpus' YAML, or give the feature a higher rate"
    )


def _raise_any(part: Part, faults: list[str]) -> None:
    if faults:
        raise ConfigError(f"{part.experiment} {part.variant}", faults)
