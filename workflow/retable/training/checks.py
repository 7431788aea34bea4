"""Whether the inputs, the network and the training of a part fit together."""

from collections.abc import Iterator, Sequence

from torch import nn

from retable.errors import ConfigError, DataError, listed
from retable.spec.part import Part
from retable.training.batches import can_mask, shortest_input
from retable.training.evaluate import can_embed
from retable.training.part_input import PartInput


def check_inputs(part: Part, inputs: Sequence[PartInput]) -> None:
    """Raise ConfigError unless the inputs can be trained on as the part says."""
    faults = (_mixup_faults, _crop_faults, _embedding_faults)
    _raise_any(part, [fault for faults_of in faults for fault in faults_of(part, inputs)])
    training = part.training
    assert training is not None
    assert training.batching == "whole" or (
        training.mixup is None and all(one.data.lengths is not None for one in inputs)
    ), "checked when the paper is read"


def _mixup_faults(part: Part, inputs: Sequence[PartInput]) -> Iterator[str]:
    shapes = [one.data.patch_shape for one in inputs]
    if len(set(shapes)) > 1:
        yield (
            "inputs: training.mixup adds patches of one shape, and these are of "
            f"{' and '.join('x'.join(map(str, shape)) for shape in shapes)}"
        )


def _crop_faults(part: Part, inputs: Sequence[PartInput]) -> Iterator[str]:
    assert part.training is not None
    training = part.training
    crops = [one.data.crop for one in inputs]
    if training.crop == "random" and None in crops:
        yield (
            "training.crop is random, but the feature has no more of a clip than a network sees at "
            "once; leave out training.crop, or give the experiment a feature that stores longer "
            "clips, such as normalised_spectrogram"
        )
    if training.crop == "random" and training.mixup:
        yield (
            "training.crop is random, and training.mixup mixes the middles of clips; leave out "
            "training.crop or mixup"
        )
    if training.batching != "whole" and any(crop is not None for crop in crops):
        yield (
            f"training.batching is {training.batching}, but the feature is cropped, so that what a "
            "network sees of all clips is equally long; set batching: whole"
        )


def _embedding_faults(part: Part, inputs: Sequence[PartInput]) -> Iterator[str]:
    most = max(one.data.samples_per_clip for one in inputs)
    if part.embed and most > 1:
        yield (
            f"embed keeps one embedding a clip, but the feature makes {most} samples of a clip; "
            "leave out embed, or give the experiment a feature of one channel that is not cut into "
            "patches"
        )


def check_network(part: Part, network: nn.Module, inputs: Sequence[PartInput]) -> None:
    """Refuse what the network cannot take.

    Raises:
        ConfigError: clips are to be embedded, and the network cannot.
        DataError: a clip is shorter than one step of the network.
    """
    assert part.training is not None
    masked = part.training.batching == "masked"
    assert not masked or can_mask(network), "checked when the paper is read"
    if part.embed and not can_embed(network):
        fault = (
            f"embed is set, but the network {part.model.kind} has no embeddings; leave out embed, "
            "or choose a network that has them, such as vggvox"
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
