"""The training loop: one run of one network, from its seed or its checkpoint to its last epoch."""

import copy
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from retable.errors import TrainingError
from retable.spec.compute import Compute
from retable.spec.training import Training
from retable.training.checkpoint import Checkpoint, Preempted, StopFlag
from retable.training.data import ClipData
from retable.training.evaluate import evaluate
from retable.training.optimisation import (
    learning_rate_at,
    multitask_loss,
    optimizer_of,
    set_learning_rate,
)

logger = logging.getLogger(__name__)

Roles = Mapping[str, torch.Tensor]
"""Role (`train`, `validation`, `test`) -> positions of its clips."""

HistoryRow = tuple[int, str, str, str, float]
"""Epoch, role, task, metric, value."""

LOG_EVERY_S = 3.0


@dataclass
class Progress:
    """How far a run has come; saved with the weights."""

    epoch: int = 0
    step: int = 0
    order: torch.Tensor | None = None
    """The running epoch's permutation of the training clips."""
    sums: dict[str, torch.Tensor] = field(default_factory=dict)
    """Sums over the running epoch: `loss`, and correct decisions by task."""
    history: list[HistoryRow] = field(default_factory=list)
    best_accuracy: float = -1.0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    seconds: float = 0.0
    """Training time, over all jobs that the run was spread over."""


class RunTrainer:
    """Trains one network on one split.

    There is no data loader and no host synchronisation within an epoch: all clips are on the
    device, batches are index selections, and sums are read once at an epoch's end.
    """

    def __init__(
        self,
        name: str,
        model: nn.Module,
        data: ClipData,
        roles: Roles,
        training: Training,
        compute: Compute,
        seed: int,
    ):
        self.name, self.model, self.data, self.roles = name, model, data, roles
        self.training, self.compute = training, compute
        self.progress = Progress()
        self.optimizer = optimizer_of(model.parameters(), training)
        self._forward: Callable[[torch.Tensor], Mapping[str, torch.Tensor]] = (
            torch.compile(model) if training.compile else model
        )
        self._permutations = torch.Generator().manual_seed(seed)
        self._logged_at = 0.0

    def train(self, checkpoint: Checkpoint, stop: StopFlag) -> None:
        """Trains to the last epoch and leaves the selected weights in the model.

        Raises:
            Preempted: the stop flag was set; the state is saved.
            TrainingError: the loss is not finite.
        """
        self._restore(checkpoint)
        started = time.monotonic() - self.progress.seconds
        while self.progress.epoch < self.training.epochs:
            for _ in self._steps():
                self.progress.seconds = time.monotonic() - started
                if stop.is_set or checkpoint.is_due():
                    checkpoint.save(self._state())
                if stop.is_set:
                    raise Preempted(
                        f"{self.name}: stopped in epoch {self.progress.epoch + 1} by SIGTERM; "
                        f"the state is saved, the same command goes on from it"
                    )
            self._finish_epoch()
            time.sleep(self.compute.epoch_delay_s)
        if self.training.selection != "last":
            self.model.load_state_dict(self.progress.best_weights)

    def _steps(self) -> Any:
        """Trains on the batches of the running epoch that are still to come, one a step."""
        progress, training = self.progress, self.training
        clips = self.roles["train"]
        if progress.order is None:
            order = torch.randperm(len(clips), generator=self._permutations)
            progress.order = order.to(clips.device)
            progress.sums = {
                name: torch.zeros((), device=clips.device) for name in ("loss", *self.data.targets)
            }
        set_learning_rate(self.optimizer, learning_rate_at(progress.epoch, training))
        batches = progress.order.split(training.batch_size)
        # Batch normalisation cannot train on one clip: a last batch of one waits for its next turn.
        batches = batches[:-1] if len(batches) > 1 and len(batches[-1]) == 1 else batches
        self.model.train()
        while progress.step < len(batches):
            self._train_on(clips[batches[progress.step]])
            progress.step += 1
            yield

    def _train_on(self, batch: torch.Tensor) -> None:
        features = self.data.features.index_select(0, batch)
        targets = {task: values[batch] for task, values in self.data.targets.items()}
        with autocast(self.training, features.device):
            logits = self._forward(features)
        loss = multitask_loss(logits, targets, self.training.task_weights)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        sums = self.progress.sums
        sums["loss"] += loss.detach() * len(batch)
        for task, values in logits.items():
            sums[task] += (values.detach().argmax(1) == targets[task]).sum()

    def _finish_epoch(self) -> None:
        progress = self.progress
        assert progress.order is not None
        trained = min(len(progress.order), progress.step * self.training.batch_size)
        means = {name: float(total) / trained for name, total in progress.sums.items()}
        if means["loss"] != means["loss"] or means["loss"] == float("inf"):
            raise TrainingError(
                f"{self.name}: the loss is {means['loss']} in epoch {progress.epoch + 1}; "
                f"lower the learning rate (now {self.training.learning_rate})"
            )
        epoch = progress.epoch + 1
        rate = self.optimizer.param_groups[0]["lr"]
        progress.history.append((epoch, "train", "all", "learning_rate", rate))
        self._record(epoch, "train", means)
        for role in ("validation", "test"):
            if role in self.roles:
                self._record(epoch, role, self._evaluated(role))
        self._remember_best(epoch)
        self._log(epoch)
        progress.epoch, progress.step, progress.order = epoch, 0, None

    def _evaluated(self, role: str) -> dict[str, float]:
        with autocast(self.training, self.data.features.device):
            logits = evaluate(self.model, self.data, self.roles[role])
        targets = {task: values[self.roles[role]] for task, values in self.data.targets.items()}
        correct = {
            task: float((values.argmax(1) == targets[task]).float().mean())
            for task, values in logits.items()
        }
        loss = multitask_loss(logits, targets, self.training.task_weights)
        return {"loss": float(loss), **correct}

    def _record(self, epoch: int, role: str, means: Mapping[str, float]) -> None:
        self.progress.history.append((epoch, role, "all", "loss", means["loss"]))
        self.progress.history.extend(
            (epoch, role, task, "accuracy", means[task]) for task in self.data.targets
        )

    def _remember_best(self, epoch: int) -> None:
        """Keeps the weights of the first epoch with the best accuracy, averaged over tasks."""
        if self.training.selection == "last":
            return
        role = self.training.selection.removeprefix("best_")
        accuracies = [
            value
            for its_epoch, its_role, _, metric, value in self.progress.history
            if (its_epoch, its_role, metric) == (epoch, role, "accuracy")
        ]
        accuracy = sum(accuracies) / len(accuracies)
        if accuracy > self.progress.best_accuracy:
            self.progress.best_accuracy = accuracy
            self.progress.best_weights = copy.deepcopy(self.model.state_dict())

    def _log(self, epoch: int) -> None:
        now, last = time.monotonic(), epoch == self.training.epochs
        if now - self._logged_at < LOG_EVERY_S and not last:
            return
        self._logged_at = now
        values = {row[1:4]: row[4] for row in self.progress.history if row[0] == epoch}
        accuracies = ", ".join(
            f"{task} "
            + " / ".join(
                f"{role} {100 * values[role, task, 'accuracy']:.1f} %" for role in self.roles
            )
            for task in self.data.targets
        )
        per_epoch = self.progress.seconds / epoch
        logger.info(
            "%s: epoch %d of %d, loss %.3f, %s, %.1f s an epoch, %.0f s left",
            self.name, epoch, self.training.epochs, values["train", "all", "loss"], accuracies,
            per_epoch, per_epoch * (self.training.epochs - epoch),
        )  # fmt: skip

    def _state(self) -> dict[str, Any]:
        device = self.data.features.device
        return {
            "progress": vars(self.progress),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "permutations": self._permutations.get_state(),
            "random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        }

    def _restore(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.load(self.data.features.device)
        if state is None:
            return
        self.progress = Progress(**state["progress"])
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._permutations.set_state(state["permutations"].cpu())
        torch.set_rng_state(state["random"].cpu())
        if state["cuda_random"] is not None:
            torch.cuda.set_rng_state(state["cuda_random"].cpu())
        logger.info(
            "%s: resumed in epoch %d of %d",
            self.name, min(self.progress.epoch + 1, self.training.epochs), self.training.epochs,
        )  # fmt: skip


def autocast(training: Training, device: torch.device) -> torch.autocast:
    """Mixed precision where the training asks for it."""
    enabled = training.precision == "bfloat16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)
