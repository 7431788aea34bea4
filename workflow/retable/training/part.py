"""One training job: the runs of a part, one after the other, and the files that they leave."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import save_file
from torch import nn

from retable.evaluation.predictions import Predictions, read_predictions, write_predictions
from retable.models.describe import layer_table, parameter_count
from retable.registry import MODELS, load
from retable.spec.compute import Compute
from retable.spec.part import Part, Run
from retable.splits.roles import read_roles
from retable.training.checkpoint import Checkpoint, StopFlag, stop_on_sigterm
from retable.training.data import ClipData, load_clips, role_indices
from retable.training.device import device_name, set_determinism, training_device
from retable.training.evaluate import evaluate
from retable.training.loop import Roles, RunTrainer, autocast
from retable.training.provenance import part_origin

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PartInputs:
    """Files that a part is trained on."""

    dataset: Path
    feature_shards: Sequence[Path]
    split: Path
    """Roles of the clips in every repeat and fold."""
    source: str
    """Where the corpus was read from, for the record."""


@dataclass(frozen=True)
class PartOutputs:
    """Files that a part leaves."""

    predictions: Path
    runs: Path
    history: Path
    model: Path
    weights: Path
    """Folder of one safetensors file a run."""


def train_part(
    part: Part, inputs: PartInputs, outputs: PartOutputs, work: Path, code: str, compute: Compute
) -> None:
    """Trains the runs of a part that are not yet finished, then writes the part's files.

    A run that is finished is kept in the work folder until the part is, so that a kill costs at
    most the time since the last checkpoint. The work folder belongs to the digest of spec, code
    and data: a change of any starts afresh.

    Args:
        work: folder for checkpoints and finished runs, no output of the rule.
        code: digest of the code behind this job.

    Raises:
        Preempted: SIGTERM came; the state is saved.
    """
    training = part.training
    assert training is not None, "baselines are fitted, not trained"
    set_determinism(training.determinism == "strict")
    device = training_device(compute.device)
    data = load_clips(inputs.dataset, inputs.feature_shards, part.classes, device)
    logger.info(
        "%s %s: %d runs of %d epochs on %s, %d clips of %s",
        part.experiment, part.variant, len(part.runs), training.epochs, device_name(device),
        len(data.clip_ids), "x".join(map(str, data.features.shape[2:])),
    )  # fmt: skip
    own_work = _own_work_folder(part, inputs, data, work, code, device)
    split = read_roles(inputs.split)
    with stop_on_sigterm() as stop:
        for run in part.runs:
            finished = own_work / run.name
            if not finished.exists():
                roles = role_indices(data, split[run.draw, run.fold])
                _train_run(part, run, data, roles, finished, compute, stop)
    _assemble(part, own_work, outputs, part_origin(part, inputs.dataset, inputs.source, code))
    shutil.rmtree(work)


def _own_work_folder(
    part: Part, inputs: PartInputs, data: ClipData, work: Path, code: str, device: torch.device
) -> Path:
    """Folder of this spec, code, data and kind of device; older ones are removed."""
    split = inputs.split.read_text(encoding="utf-8")
    origin = "\n".join([part.canonical(), code, data.digest(), device.type, split])
    own = work / sha256(origin.encode()).hexdigest()[:16]
    if work.exists():
        for stale in work.iterdir():
            if stale != own:
                logger.info("%s: spec, code or data changed; starting afresh", part.experiment)
                shutil.rmtree(stale)
    own.mkdir(parents=True, exist_ok=True)
    return own


def build_network(part: Part, run: Run, data: ClipData) -> nn.Module:
    """The network of a run with its seeded initial weights, on the device of the data."""
    torch.manual_seed(run.seed)
    sizes = {task: len(names) for task, names in part.classes.items()}
    network = load(MODELS, part.model.kind)(part.model, tuple(data.features.shape[2:]), sizes)
    return network.to(data.features.device, memory_format=torch.channels_last)


def _train_run(
    part: Part,
    run: Run,
    data: ClipData,
    roles: Roles,
    finished: Path,
    compute: Compute,
    stop: StopFlag,
) -> None:
    """Trains one run and moves its files to `finished` at once."""
    training = part.training
    assert training is not None
    network = build_network(part, run, data)
    name = f"{part.experiment} {part.variant} {run.name}"
    trainer = RunTrainer(name, network, data, roles, training, compute, run.seed)
    checkpoint = Checkpoint(finished.with_suffix(".checkpoint"), compute.checkpoint_minutes)
    trainer.train(checkpoint, stop)
    unfinished = finished.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    predictions = Predictions(_prediction_rows(run, network, data, roles, part), dict(part.classes))
    write_predictions(unfinished / "predictions.parquet", predictions)
    _write_history(unfinished / "history.tsv", run, trainer)
    _write_json(unfinished / "run.json", _record(run, trainer))
    _write_json(unfinished / "model.json", _description(network, data))
    state = {key: value.contiguous().cpu() for key, value in network.state_dict().items()}
    save_file(state, unfinished / "weights.safetensors")
    unfinished.replace(finished)
    checkpoint.remove()


def _prediction_rows(
    run: Run, network: nn.Module, data: ClipData, roles: Roles, part: Part
) -> pd.DataFrame:
    """Probabilities of every held-out clip, in the columns of `predictions.parquet`."""
    training = part.training
    assert training is not None
    tables = []
    for role in ("validation", "test"):
        if role not in roles:
            continue
        with autocast(training, data.features.device):
            logits = evaluate(network, data, roles[role])
        positions = roles[role].tolist()
        for task, values in logits.items():
            targets = data.targets[task][roles[role]].tolist()
            table = pd.DataFrame({"clip_id": [data.clip_ids[index] for index in positions]})
            table["target"] = [part.classes[task][target] for target in targets]
            table["scores"] = list(values.softmax(1).cpu().numpy())
            tables.append(table.assign(role=role, task=task))
    return pd.concat(tables).assign(repeat=run.repeat, fold=run.fold, segment=0, channel="mono")


def _write_history(path: Path, run: Run, trainer: RunTrainer) -> None:
    columns = ["epoch", "role", "task", "metric", "value"]
    history = pd.DataFrame(trainer.progress.history, columns=columns)
    history.insert(0, "repeat", run.repeat)
    history.insert(1, "fold", run.fold)
    history.to_csv(path, sep="\t", index=False)


def _record(run: Run, trainer: RunTrainer) -> dict[str, Any]:
    device = trainer.data.features.device
    group = trainer.optimizer.param_groups[0]
    settings = {key: group[key] for key in ("momentum", "betas", "weight_decay") if key in group}
    return {
        "repeat": run.repeat,
        "fold": run.fold,
        "seed": run.seed,
        "device": device_name(device),
        "seconds": round(trainer.progress.seconds, 3),
        "epochs": trainer.progress.epoch,
        "precision": trainer.training.precision,
        "clips": {role: len(clips) for role, clips in trainer.roles.items()},
        "optimizer": {
            "name": type(trainer.optimizer).__name__,
            "initial_learning_rate": trainer.progress.history[0][-1],
            **settings,
        },
    }


def _description(network: nn.Module, data: ClipData) -> dict[str, Any]:
    shape = tuple(data.features.shape[2:])
    structure: Any = network.structure
    return {
        "parameters": parameter_count(network),
        "structure": structure(),
        "layers": layer_table(network, shape),
    }


def _assemble(part: Part, work: Path, outputs: PartOutputs, origin: Mapping[str, Any]) -> None:
    """Joins the files of the finished runs into the files of the part."""
    finished = [work / run.name for run in part.runs]
    write_predictions(
        outputs.predictions, read_predictions([run / "predictions.parquet" for run in finished])
    )
    histories = [pd.read_csv(run / "history.tsv", sep="\t") for run in finished]
    pd.concat(histories).to_csv(outputs.history, sep="\t", index=False)
    records = [json.loads((run / "run.json").read_text(encoding="utf-8")) for run in finished]
    _write_json(outputs.runs, [record | dict(origin) for record in records])
    shutil.copyfile(finished[0] / "model.json", outputs.model)
    outputs.weights.mkdir(parents=True, exist_ok=True)
    for run in finished:
        shutil.copyfile(run / "weights.safetensors", outputs.weights / f"{run.name}.safetensors")


def _write_json(path: Path, content: Mapping[str, Any] | list[Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
