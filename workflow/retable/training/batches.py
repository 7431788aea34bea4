"""Batches: which samples a network sees at once, and how much of clips of different lengths."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from retable.spec.training import Training
from retable.splits.clip_roles import ROLES
from retable.training.samples import Samples

ELEMENTS_AT_ONCE = 64 * 257 * 399
"""Numbers in a batch: without gradients, memory allows more than training's batches."""


@dataclass(frozen=True)
class Batch:
    """Samples that a network sees at once."""

    positions: torch.Tensor
    """(batch,) Which samples of their role, by position among them, int64, on their device."""
    length: int | None = None
    """What their last axis is cut to; None leaves it whole."""
    lengths: torch.Tensor | None = None
    """(batch,) How much of the last axis counts, for a network that leaves out the rest."""

    def arguments(self, patches: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What the network is called with."""
        return (patches,) if self.lengths is None else (patches, self.lengths)


class Batching:
    """How one run's samples share batches, in training and in prediction."""

    def __init__(self, training: Training, model: nn.Module, seed: int):
        """Take what batches depend on.

        Args:
            training: says how clips of different lengths share a batch, and how many do.
            model: may have a `shortest_input`, the samples of one of its steps.
            seed: of the run.
        """
        self._training = training
        self._step = shortest_input(model)
        self._seed = seed

    def for_training(self, samples: Samples, order: torch.Tensor) -> list[Batch]:
        """The batches of an epoch that takes the training samples in this order."""
        batches = self._batches(samples, "train", order, self._training.batch_size)
        # Batch normalisation cannot train on one clip: a last batch of one waits for its next turn.
        return batches[:-1] if len(batches) > 1 and len(batches[-1].positions) == 1 else batches

    def for_prediction(self, samples: Samples, role: str) -> list[Batch]:
        """Batches of all samples of a role, the same whenever they are predicted.

        Where a prediction depends on its batch, batches are of training's size and drawn from the
        run's seed: in the order of the split, clips of one class would be cut alike.
        """
        count = len(samples.roles[role])
        if self._training.batching == "shortest":
            generator = np.random.default_rng([self._seed, ROLES.index(role)])
            order, size = torch.from_numpy(generator.permutation(count)), self._training.batch_size
        else:
            order, size = torch.arange(count), samples_at_once(samples)
        return self._batches(samples, role, order.to(samples.data.features.device), size)

    def _batches(self, samples: Samples, role: str, order: torch.Tensor, size: int) -> list[Batch]:
        """The order in pieces, and how long each is: a device waits for its host once at most."""
        kind, positions = self._training.batching, order.split(size)
        lengths, on_host = samples.data.lengths, samples.data.lengths_on_host
        if kind == "whole":
            return [Batch(of_batch) for of_batch in positions]
        assert lengths is not None and on_host is not None, "checked before any epoch"
        clips = samples.roles[role][order] // samples.data.samples_per_clip
        of_batches = on_host[clips.cpu()].split(size)
        if kind == "shortest":
            cuts = [int(of_batch.min()) for of_batch in of_batches]
            return [Batch(*batch) for batch in zip(positions, cuts, strict=True)]
        cuts = [self._longest(of_batch, samples) for of_batch in of_batches]
        counted = lengths[clips].split(size)
        return [Batch(*batch) for batch in zip(positions, cuts, counted, strict=True)]

    def _longest(self, lengths: torch.Tensor, samples: Samples) -> int:
        """The longest clip in whole steps of the network: nothing that counts lies beyond."""
        steps = math.ceil(int(lengths.max()) / self._step)
        return min(steps * self._step, samples.data.patch_shape[-1])


def shortest_input(model: nn.Module) -> int:
    """Samples of one step of a network that takes clips of different lengths; 1 for others."""
    return int(getattr(model, "shortest_input", 1))


def can_mask(model: nn.Module) -> bool:
    """Whether a network can be called with the lengths of its clips, and leaves out the rest."""
    return hasattr(model, "shortest_input")


def samples_at_once(samples: Samples) -> int:
    """Samples of a batch that is predicted, where that does not matter to the predictions."""
    return max(1, ELEMENTS_AT_ONCE // math.prod(samples.data.patch_shape))
