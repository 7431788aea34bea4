"""Logits and embeddings of a trained network."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import nn

from retable.training.batches import Batch, Batching, samples_at_once
from retable.training.samples import Samples, Targets, mixed


def evaluate(
    model: nn.Module, samples: Samples, role: str, batching: Batching
) -> dict[str, torch.Tensor]:
    """Logits of the model in evaluation mode, for the tasks that the samples have targets for.

    Args:
        model: gives the logits of every task that it has.
        samples: the samples of one input.
        role: whose samples to predict.
        batching: how they share batches.

    Returns:
        Task -> logits (samples, classes), float32, in the order of the role's samples.
    """
    batches = batching.for_prediction(samples, role)
    logits = _logits(model, _arguments(samples, role, batches), samples.tasks)
    places = _places(batches)
    return {task: values[places] for task, values in logits.items()}


@torch.no_grad()
def embed(model: nn.Module, samples: Samples, role: str, batching: Batching) -> torch.Tensor:
    """Embeddings of the model in evaluation mode, of samples as they are predicted.

    Args:
        model: has a method `embedding`, from a batch to (batch, size).
        samples: the samples of one input.
        role: whose samples to embed.
        batching: how they share batches.

    Returns:
        (samples, size), float32, in the order of the role's samples.
    """
    batches = batching.for_prediction(samples, role)
    embedding: Any = model.embedding
    model.eval()
    found = [embedding(*arguments).float() for arguments in _arguments(samples, role, batches)]
    return torch.cat(found)[_places(batches)]


def can_embed(model: nn.Module) -> bool:
    """Whether a network has embeddings, on which its logits are built."""
    return hasattr(model, "embedding")


def evaluate_mixed(
    model: nn.Module,
    inputs: Sequence[Samples],
    chosen: torch.Tensor,
    partners: torch.Tensor,
    weight: float,
) -> tuple[dict[str, torch.Tensor], Targets]:
    """Logits of the model in evaluation mode for mixtures of two inputs, and their targets.

    Args:
        model: gives the logits of every task that it has.
        inputs: the two.
        chosen: numbers of samples of the first (n,).
        partners: numbers of samples of the second (n,).
        weight: share of the first.

    Returns:
        Task -> logits (n, classes), float32, and task -> targets (n,).
    """
    first, second = inputs
    at_once = samples_at_once(first)
    pairs = zip(chosen.split(at_once), partners.split(at_once), strict=True)
    batches = (mixed(first, own, second, others, weight)[:1] for own, others in pairs)
    logits = _logits(model, batches, (*first.tasks, *second.tasks))
    return logits, first.targets(chosen) | second.targets(partners)


def _arguments(
    samples: Samples, role: str, batches: Sequence[Batch]
) -> Iterator[tuple[torch.Tensor, ...]]:
    """What a network is called with to predict a role, batch by batch."""
    chosen = samples.roles[role]
    for batch in batches:
        yield batch.arguments(samples.unmixed(chosen[batch.positions], batch.length))


def _places(batches: Sequence[Batch]) -> torch.Tensor:
    """Where each sample of a role is among the batches' samples, one batch after the other."""
    return torch.cat([batch.positions for batch in batches]).argsort()


@torch.no_grad()
def _logits(
    model: nn.Module, batches: Iterable[tuple[torch.Tensor, ...]], tasks: Sequence[str]
) -> dict[str, torch.Tensor]:
    model.eval()
    found = [model(*batch) for batch in batches]
    return {task: torch.cat([batch[task].float() for batch in found]) for task in tasks}
