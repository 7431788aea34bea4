"""What a trained network attends to in a test clip of each class (cabcnn, section 3)."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from retable.errors import DataError
from retable.features.store import FeatureStore
from retable.spec.model import ClassifierAttention
from retable.spec.part import Part
from retable.training.attention_examples_file import (
    AttentionExamples,
    ClipAttention,
    write_attention_example_file,
)
from retable.training.device import set_determinism
from retable.training.example_clips import first_clips
from retable.training.inputs import InputFiles
from retable.training.part import build_network

FAULT_CHARACTERS = 240
"""Of a message that would list every parameter."""


def write_attention_examples(
    part: Part, files: InputFiles, weights: Path, classes: Sequence[str], output: Path
) -> None:
    """Write what the first run of a part attends to in the first test clip of each class.

    Every clip is seen by itself, all of its own whole steps and no more. Where a run predicts
    batches that are cut to their shortest clip, its prediction of the same clip may differ.

    Args:
        part: the runs that were trained; the first is shown.
        files: of the part's first input.
        weights: folder with the safetensors file of each run.
        classes: of the first task of that input.
        output: the `.npz` to write.

    Raises:
        ConfigError: the network takes no such feature.
        DataError: a class has no test clip in the run's fold, a clip is shorter than a step, or
            the weights are missing or not those of this network.
    """
    run, task = part.runs[0], part.tasks[0][0]
    assert isinstance(part.model, ClassifierAttention), "checked when the paper is read"
    set_determinism(strict=True)
    clip_ids = first_clips(files, (run.draw, run.fold), "test", task, classes, "classes")
    store = FeatureStore(files.feature_shards)
    network: Any = build_network(part, run, (1, *store.shape), torch.device("cpu"))
    _load_weights(network, weights / f"{run.name}.safetensors")
    waveforms = _whole_steps(store, files, clip_ids, network.shortest_input)
    examples = AttentionExamples(
        task=task,
        classes=part.classes[task],
        clips=tuple(
            _seen(network, task, *clip) for clip in zip(classes, clip_ids, waveforms, strict=True)
        ),
        step_s=network.shortest_input / _rate(store, files),
    )
    write_attention_example_file(examples, output)


def _load_weights(network: nn.Module, path: Path) -> None:
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        fault = textwrap.shorten(str(error), FAULT_CHARACTERS)
        raise DataError(
            f"{path}: holds no weights of this network ({fault}); remove its folder and build it "
            "again"
        ) from error


def _whole_steps(
    store: FeatureStore, files: InputFiles, clip_ids: Sequence[str], step: int
) -> list[np.ndarray]:
    """Samples of each clip, as many as its whole steps have."""
    rows, lengths = store.rows(clip_ids), store.lengths(clip_ids)
    if lengths is None:
        lengths = np.full(len(rows), rows.shape[-1])
    for clip_id, length in zip(clip_ids, lengths, strict=True):
        if length < step:
            raise DataError(
                f"{files.dataset}: clip {clip_id!r} has {length} samples, but a step of the "
                f"network is {step}; leave it out of the dataset"
            )
    return [row[: length // step * step] for row, length in zip(rows, lengths, strict=True)]


def _rate(store: FeatureStore, files: InputFiles) -> int:
    """Samples of the feature a second."""
    if "rate" not in store.facts:
        index = files.feature_shards[0].with_suffix(".json")
        raise DataError(
            f"{index}: its facts {', '.join(store.facts)} do not tell the rate; the figure needs a "
            "feature of kind waveform"
        )
    return store.facts["rate"]


@torch.no_grad()
def _seen(network: Any, task: str, name: str, clip_id: str, samples: np.ndarray) -> ClipAttention:
    """A clip (samples,) and what the network makes of it, in evaluation mode."""
    x = torch.from_numpy(samples).float()[None, None]
    attention = network.eval().attention(x)
    return ClipAttention(
        name=name,
        clip_id=clip_id,
        waveform=samples.astype(np.float16),
        weights=attention.weights[0].numpy().astype(np.float16),
        probabilities=attention.classes[task][0].numpy().astype(np.float16),
        predicted=network(x)[task][0].softmax(dim=0).numpy(),
    )
