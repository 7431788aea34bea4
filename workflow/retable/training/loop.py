"""The training loop: one run of one network, from its seed or its checkpoint to its last epoch."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import torch
from torch import nn

from retable.errors import TrainingError
from retable.spec.compute import Compute
from retable.spec.training import Training
from retable.training.batches import Batch, Batching
from retable.training.checkpoint import Checkpoint, Preempted, StopFlag
from retable.training.evaluate import evaluate, evaluate_mixed
from retable.training.freezing import freeze, set_training_mode
from retable.training.optimisation import (
    learning_rate_at,
    multitask_loss,
    optimizer_of,
    set_learning_rate,
)
from retable.training.progress import Progress
from retable.training.samples import Samples, Targets, mixed
from retable.training.selection import is_evaluated, is_over, keep_best, load_best, stop_reason

logger = logging.getLogger(__name__)

LOG_EVERY_S = 3.0


class RunTrainer:
    """Trains one network on one split.

    An epoch takes every training sample of the first input once. There is no data loader and no
    host synchronisation within an epoch: all clips are on the device, batches are index selections
    that are planned at an epoch's begin, and sums are read once at its end.
    """

    def __init__(
        self,
        name: str,
        model: nn.Module,
        inputs: Sequence[Samples],
        training: Training,
        compute: Compute,
        seed: int,
    ):
        """Freeze what is to be frozen and start at the first epoch.

        Args:
            name: of the run, for logs and errors.
            model: with its initial weights, on the device of the samples.
            inputs: one, or the two that `training.mixup` joins.
            training: the schedule.
            compute: what the machine offers.
            seed: of the order of the samples, of their partners and crops, and of predicted
                batches.

        Raises:
            ConfigError: a pattern of `training.frozen` matches nothing, or all is frozen.
        """
        self.name, self.model, self.inputs = name, model, inputs
        self.training, self.compute = training, compute
        self.progress = Progress()
        self._at_rest = freeze(model, training, name)
        trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = optimizer_of(trainable, training)
        self._forward: Callable[..., Mapping[str, torch.Tensor]] = (
            torch.compile(model) if training.compile else model
        )
        self.batching = Batching(training, model, seed)
        self._batches: list[Batch] = []
        self._seed = seed
        self._permutations = torch.Generator().manual_seed(seed)
        self._logged_at = 0.0

    @property
    def device(self) -> torch.device:
        """Where the run is trained."""
        return self.inputs[0].data.features.device

    def train(self, checkpoint: Checkpoint, stop: StopFlag) -> None:
        """Trains to the last epoch and leaves the selected weights in the model.

        Raises:
            Preempted: the stop flag was set; the state is saved.
            TrainingError: the loss is not finite, or in no epoch that of the clips that select.
        """
        self._restore(checkpoint)
        started = time.monotonic() - self.progress.seconds
        while not is_over(self.progress, self.training):
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
            load_best(self.name, self.progress, self.training, self.model)
        if self.progress.epoch < self.training.epochs:
            logger.info("%s: %s", self.name, stop_reason(self.progress, self.training))

    def _steps(self) -> Iterator[None]:
        """Trains on the batches of the running epoch that are still to come, one a step."""
        progress, training = self.progress, self.training
        if progress.order is None:
            self._begin_epoch()
        assert progress.order is not None
        set_learning_rate(self.optimizer, learning_rate_at(progress.epoch, training))
        self._batches = self.batching.for_training(self.inputs[0], progress.order)
        set_training_mode(self.model, self._at_rest)
        while progress.step < len(self._batches):
            self._train_on(self._batches[progress.step])
            progress.step += 1
            yield

    def _begin_epoch(self) -> None:
        """Draws the order of the training samples and, where asked for, partners and crops."""
        progress, mixup, device = self.progress, self.training.mixup, self.device
        count = len(self.inputs[0].roles["train"])
        progress.order = torch.randperm(count, generator=self._permutations).to(device)
        if mixup is not None and (progress.partners is None or mixup.redraw == "epoch"):
            partners = len(self.inputs[1].roles["train"])
            drawn = torch.randint(partners, (count,), generator=self._permutations)
            progress.partners = drawn.to(device)
        if self.training.crop == "random":
            progress.starts = self.inputs[0].random_starts("train", self._permutations)
        tasks = [task for samples in self.inputs for task in samples.tasks]
        progress.sums = {name: torch.zeros((), device=device) for name in ("loss", *tasks)}

    def _seen(self, batch: Batch) -> tuple[torch.Tensor, Targets]:
        """Patches and targets of training samples of the first input, mixed where asked for."""
        first, mixup, starts = self.inputs[0], self.training.mixup, self.progress.starts
        samples = first.roles["train"][batch.positions]
        if mixup is None:
            of_batch = None if starts is None else starts[batch.positions]
            return first.patches(samples, batch.length, of_batch), first.targets(samples)
        second, partners = self.inputs[1], self.progress.partners
        assert partners is not None
        chosen = second.roles["train"][partners[batch.positions]]
        return mixed(first, samples, second, chosen, mixup.weight)

    def _train_on(self, batch: Batch) -> None:
        patches, targets = self._seen(batch)
        with autocast(self.training, patches.device):
            logits = self._forward(*batch.arguments(patches))
        loss = multitask_loss(logits, targets, self.training)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        sums = self.progress.sums
        sums["loss"] += loss.detach() * len(batch.positions)
        for task, values in logits.items():
            sums[task] += (values.detach().argmax(1) == targets[task]).sum()

    def _finish_epoch(self) -> None:
        progress = self.progress
        trained = sum(len(batch.positions) for batch in self._batches)
        means = {name: float(total) / trained for name, total in progress.sums.items()}
        if not math.isfinite(means["loss"]):
            raise TrainingError(
                f"{self.name}: the loss is {means['loss']} in epoch {progress.epoch + 1}; "
                f"lower the learning rate (now {self.training.learning_rate})"
            )
        epoch = progress.epoch + 1
        rate = self.optimizer.param_groups[0]["lr"]
        progress.history.append((epoch, "train", "all", "learning_rate", rate))
        if self.training.batching == "shortest":
            length = fmean(batch.length for batch in self._batches if batch.length is not None)
            progress.history.append((epoch, "train", "all", "batch_length", length))
        progress.record(epoch, "train", means)
        if is_evaluated(epoch, self.training):
            self._evaluate(epoch)
        progress.epoch, progress.step, progress.order = epoch, 0, None
        self._log()

    def _evaluate(self, epoch: int) -> None:
        """Records the held-out roles, and keeps the weights where they are the best so far."""
        for role in ("validation", "test"):
            held_out = [samples for samples in self.inputs if role in samples.roles]
            mixup = self.training.mixup
            if role == "validation" and mixup and mixup.validation == "mixed" and held_out:
                self.progress.record(epoch, role, self._mixed_means(mixup.weight))
            elif held_out:
                self.progress.record(epoch, role, self._means(held_out, role))
        if self.training.selection != "last":
            keep_best(self.progress, self.training, epoch, self.model)

    def _means(self, held_out: Sequence[Samples], role: str) -> dict[str, float]:
        """`loss`, summed over the inputs' tasks, and task -> accuracy, over samples."""
        loss, accuracies = 0.0, dict[str, float]()
        for samples in held_out:
            with autocast(self.training, self.device):
                logits = evaluate(self.model, samples, role, self.batching)
            targets = samples.targets(samples.roles[role])
            loss += float(multitask_loss(logits, targets, self.training))
            accuracies |= _accuracies(logits, targets)
        return {"loss": loss, **accuracies}

    def _mixed_means(self, weight: float) -> dict[str, float]:
        """The same over validation samples, each mixed with the same partner in every epoch."""
        chosen, others = (samples.roles["validation"] for samples in self.inputs)
        generator = torch.Generator().manual_seed(self._seed)
        drawn = torch.randint(len(others), (len(chosen),), generator=generator).to(self.device)
        with autocast(self.training, self.device):
            logits, targets = evaluate_mixed(self.model, self.inputs, chosen, others[drawn], weight)
        loss = multitask_loss(logits, targets, self.training)
        return {"loss": float(loss), **_accuracies(logits, targets)}

    def _log(self) -> None:
        now, progress, training = time.monotonic(), self.progress, self.training
        if now - self._logged_at < LOG_EVERY_S and not is_over(progress, training):
            return
        self._logged_at = now
        line = progress.line(training.epochs, at_most=training.patience is not None)
        logger.info("%s: %s", self.name, line)

    def _state(self) -> dict[str, Any]:
        on_gpu = self.device.type == "cuda"
        return {
            "progress": vars(self.progress),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "permutations": self._permutations.get_state(),
            "random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state(self.device) if on_gpu else None,
        }

    def _restore(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.load(self.device)
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


def _accuracies(logits: Mapping[str, torch.Tensor], targets: Targets) -> dict[str, float]:
    return {
        task: float((values.argmax(1) == targets[task]).float().mean())
        for task, values in logits.items()
    }


def autocast(training: Training, device: torch.device) -> torch.autocast:
    """Mixed precision where the training asks for it."""
    enabled = training.precision == "bfloat16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)
