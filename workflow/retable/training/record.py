"""What a finished run leaves: its predictions, history, record and description."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from retable.evaluation.predictions import Predictions
from retable.models.describe import layer_table, parameter_count
from retable.spec.part import Part, Run
from retable.training.device import device_name
from retable.training.evaluate import evaluate
from retable.training.initial_weights import InitialWeights
from retable.training.loop import RunTrainer, autocast
from retable.training.optimisation import schedule_facts
from retable.training.samples import Samples

HELD_OUT = ("validation", "test")


def predictions_of(trainer: RunTrainer, part: Part, run: Run) -> Predictions:
    """Probabilities of every held-out sample, and of the training samples if the part says so."""
    tables = [
        table
        for role in _predicted_roles(part)
        for samples in trainer.inputs
        if role in samples.roles
        for table in _predicted(trainer, samples, role, part)
    ]
    table = pd.concat(tables, ignore_index=True).assign(repeat=run.repeat, fold=run.fold)
    return Predictions(table, dict(part.classes))


def _predicted_roles(part: Part) -> tuple[str, ...]:
    return ("train", *HELD_OUT) if part.predict_train else HELD_OUT


def _predicted(trainer: RunTrainer, samples: Samples, role: str, part: Part) -> list[pd.DataFrame]:
    """Predictions of one role of an input, a table for each of its tasks."""
    chosen, data = samples.roles[role], samples.data
    with autocast(trainer.training, trainer.device):
        logits = evaluate(trainer.model, samples, role, trainer.batching)
    clips, channels, segments = data.places(chosen)
    places = {
        "role": role,
        "clip_id": np.array(data.clip_ids, dtype=object)[clips],
        "segment": segments,
        "channel": np.array(data.channels, dtype=object)[channels],
    }
    targets = samples.targets(chosen)
    return [
        pd.DataFrame(
            {
                **places,
                "task": task,
                "target": np.array(part.classes[task], dtype=object)[targets[task].cpu().numpy()],
                "scores": list(values.softmax(1).cpu().numpy()),
            }
        )
        for task, values in logits.items()
    ]


def history_of(trainer: RunTrainer, run: Run) -> pd.DataFrame:
    """The run's history, a row a value, in the columns of `history.tsv`."""
    columns = ["epoch", "role", "task", "metric", "value"]
    history = pd.DataFrame(trainer.progress.history, columns=columns)
    history.insert(0, "repeat", run.repeat)
    history.insert(1, "fold", run.fold)
    return history


def record_of(
    trainer: RunTrainer, part: Part, run: Run, start: InitialWeights | None
) -> dict[str, Any]:
    """The run's entry of `run.json`, without what all runs of its part have in common."""
    group = trainer.optimizer.param_groups[0]
    settings = {key: group[key] for key in ("momentum", "betas", "weight_decay") if key in group}
    training, mixup = trainer.training, trainer.training.mixup
    history = trainer.progress.history
    rates = [value for *_, metric, value in history if metric == "learning_rate"]
    return {
        "repeat": run.repeat,
        "fold": run.fold,
        "seed": run.seed,
        "device": device_name(trainer.device),
        "seconds": round(trainer.progress.seconds, 3),
        "epochs": trainer.progress.epoch,
        "selection": training.selection,
        "best_epoch": trainer.progress.best_epoch,
        "patience": training.patience,
        "precision": training.precision,
        "clips": [samples.clips for samples in trainer.inputs],
        "samples": _sample_counts(trainer.inputs),
        "batch_size": min(training.batch_size, len(trainer.inputs[0].roles["train"])),
        "batch_lengths": _batch_lengths(trainer, part),
        "crop": _crop(trainer),
        "optimizer": {
            "name": type(trainer.optimizer).__name__,
            "initial_learning_rate": rates[0],
            "final_learning_rate": rates[-1],
            "schedule": schedule_facts(training, rates),
            **settings,
        },
        "loss": training.loss,
        "mixup": mixup.model_dump() if mixup else None,
        "parameters": _parameters(trainer.model),
        "warm_start": (
            {"experiment": part.warm_start.experiment, "weights": start.sha256}
            if part.warm_start and start
            else None
        ),
        "initial_weights": start.recorded if start else "from scratch",
    }


def _sample_counts(inputs: Sequence[Samples]) -> list[dict[str, int]]:
    return [{role: len(of_role) for role, of_role in one.roles.items()} for one in inputs]


def _batch_lengths(trainer: RunTrainer, part: Part) -> dict[str, list[int | None]] | None:
    """Role -> what each predicted batch was cut to, where predictions depend on it."""
    if trainer.training.batching != "shortest":
        return None
    (samples,) = trainer.inputs
    return {
        role: [batch.length for batch in trainer.batching.for_prediction(samples, role)]
        for role in _predicted_roles(part)
        if role in samples.roles
    }


def _crop(trainer: RunTrainer) -> str | None:
    """What training saw of longer clips; None where no feature is cropped."""
    cropped = any(samples.data.crop is not None for samples in trainer.inputs)
    return trainer.training.crop if cropped else None


def _parameters(network: nn.Module) -> dict[str, int]:
    trainable = parameter_count(network)
    everything = sum(parameter.numel() for parameter in network.parameters())
    return {"trainable": trainable, "frozen": everything - trainable}


def description_of(network: nn.Module, input_shape: tuple[int, ...]) -> dict[str, Any]:
    """`model.json`: the network as built, before anything of it is frozen."""
    structure: Any = network.structure
    return {
        "parameters": parameter_count(network),
        "structure": structure(),
        "layers": layer_table(network, input_shape),
    }
