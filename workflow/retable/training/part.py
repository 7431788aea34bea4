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

from retable.evaluation.embeddings import read_embeddings, write_embeddings
from retable.evaluation.predictions import read_predictions, write_predictions
from retable.json_files import write_json
from retable.registry import MODELS, load
from retable.spec.compute import Compute
from retable.spec.part import Part, Run
from retable.training.checkpoint import Checkpoint, StopFlag, stop_on_sigterm
from retable.training.checks import check_inputs, check_network
from retable.training.device import device_name, set_determinism, training_device
from retable.training.embeddings import embeddings_of
from retable.training.initial_weights import InitialWeights
from retable.training.inputs import InputFiles
from retable.training.loop import RunTrainer
from retable.training.part_input import PartInput, load_input
from retable.training.provenance import part_origin
from retable.training.published_weights import find_published_weights
from retable.training.record import description_of, history_of, predictions_of, record_of
from retable.training.warm_start import find_warm_start
from retable.tsv import write_tsv

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PartOutputs:
    """Files that a part leaves."""

    predictions: Path
    runs: Path
    history: Path
    model: Path
    weights: Path
    """Folder of one safetensors file a run."""
    embeddings: Path | None = None
    """Embeddings of all clips; None unless the part keeps them."""


def train_part(
    part: Part,
    inputs: Sequence[InputFiles],
    warm_starts: Sequence[Path],
    outputs: PartOutputs,
    work: Path,
    code: str,
    compute: Compute,
    weights: Path | None = None,
) -> None:
    """Trains the runs of a part that are not yet finished, then writes the part's files.

    A run that is finished is kept in the work folder until the part is, so that a kill costs at
    most the time since the last checkpoint. The work folder belongs to the digest of spec, code
    and data: a change of any starts afresh.

    Args:
        part: what to train.
        inputs: files of the inputs, in the order of `part.tasks`.
        warm_starts: folders with the weights of the experiment that `part.warm_start` names.
        outputs: files to write.
        work: folder for checkpoints and finished runs, no output of the rule.
        code: digest of the code behind this job.
        compute: what the machine offers.
        weights: published weights that all runs start from.

    Raises:
        ConfigError: inputs that do not fit together, clips that are batched, cropped or embedded
            as their feature or the network cannot be, or a pattern of parameter names that matches
            none.
        DataError: an input's files do not fit the part, a clip is too short for the network, or
            initial weights are missing.
        TrainingError: initial weights do not fit the network, or the loss is not finite.
        Preempted: SIGTERM came; the state is saved.
    """
    training = part.training
    assert training is not None, "baselines are fitted, not trained"
    assert part.embed == (outputs.embeddings is not None), "embeddings need a file of their own"
    set_determinism(training.determinism == "strict", training.batching == "whole")
    device = training_device(compute.device)
    loaded = [
        load_input(files, {task: part.classes[task] for task in tasks}, device)
        for files, tasks in zip(inputs, part.tasks, strict=True)
    ]
    check_inputs(part, loaded)
    logger.info(
        "%s %s: %d runs of %d epochs on %s, %s",
        part.experiment, part.variant, len(part.runs), training.epochs, device_name(device),
        " and ".join(one.summary() for one in loaded),
    )  # fmt: skip
    published = find_published_weights(weights) if weights else None
    starts: dict[str, InitialWeights | None] = {
        run.name: published or find_warm_start(part, run, warm_starts) for run in part.runs
    }
    own_work = _own_work_folder(part, loaded, starts, work, code, device)
    with stop_on_sigterm() as stop:
        for run in part.runs:
            finished = own_work / run.name
            if not finished.exists():
                _train_run(part, run, loaded, starts[run.name], finished, compute, stop)
    _assemble(part, own_work, outputs, part_origin(part, inputs, code))
    shutil.rmtree(work)


def _own_work_folder(
    part: Part,
    inputs: Sequence[PartInput],
    starts: Mapping[str, InitialWeights | None],
    work: Path,
    code: str,
    device: torch.device,
) -> Path:
    """Folder of this spec, code, data and kind of device; older ones are removed."""
    digests = [one.digest() for one in inputs]
    weights = [start.sha256 for start in starts.values() if start]
    origin = "\n".join([part.canonical(), code, device.type, *digests, *weights])
    own = work / sha256(origin.encode()).hexdigest()[:16]
    if work.exists():
        for stale in work.iterdir():
            if stale != own:
                logger.info("%s: spec, code or data changed; starting afresh", part.experiment)
                shutil.rmtree(stale)
    own.mkdir(parents=True, exist_ok=True)
    return own


def build_network(
    part: Part, run: Run, input_shape: tuple[int, ...], device: torch.device
) -> nn.Module:
    """The network of a run with its seeded initial weights, on the device.

    Args:
        part: says which network, and for which classes.
        run: whose seed the weights are drawn from.
        input_shape: of a sample, channels first, without the batch.
        device: where the network shall lie.
    """
    torch.manual_seed(run.seed)
    sizes = {task: len(names) for task, names in part.classes.items()}
    network = load(MODELS, part.model.kind)(part.model, input_shape, sizes)
    return network.to(device, memory_format=torch.channels_last)


def _train_run(
    part: Part,
    run: Run,
    inputs: Sequence[PartInput],
    start: InitialWeights | None,
    finished: Path,
    compute: Compute,
    stop: StopFlag,
) -> None:
    """Trains one run and moves its files to `finished` at once."""
    training, data = part.training, inputs[0].data
    assert training is not None
    network = build_network(part, run, data.input_shape, data.features.device)
    check_network(part, network, inputs)
    description = description_of(network, data.input_shape)
    if start is not None:
        start.load(network, part)
    samples = [one.samples(run, position, training) for position, one in enumerate(inputs)]
    name = f"{part.experiment} {part.variant} {run.name}"
    trainer = RunTrainer(name, network, samples, training, compute, run.seed)
    checkpoint = Checkpoint(finished.with_suffix(".checkpoint"), compute.checkpoint_minutes)
    trainer.train(checkpoint, stop)
    unfinished = finished.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write_predictions(unfinished / "predictions.parquet", predictions_of(trainer, part, run))
    if part.embed:
        write_embeddings(unfinished / "embeddings.parquet", embeddings_of(trainer, run))
    write_tsv(history_of(trainer, run), unfinished / "history.tsv")
    write_json(record_of(trainer, part, run, start), unfinished / "run.json")
    write_json(description, unfinished / "model.json")
    state = {key: value.contiguous().cpu() for key, value in network.state_dict().items()}
    save_file(state, unfinished / "weights.safetensors")
    unfinished.replace(finished)
    checkpoint.remove()


def _assemble(part: Part, work: Path, outputs: PartOutputs, origin: Mapping[str, Any]) -> None:
    """Joins the files of the finished runs into the files of the part."""
    finished = [work / run.name for run in part.runs]
    write_predictions(
        outputs.predictions, read_predictions([run / "predictions.parquet" for run in finished])
    )
    if outputs.embeddings is not None:
        embeddings = read_embeddings([run / "embeddings.parquet" for run in finished])
        write_embeddings(outputs.embeddings, embeddings)
    histories = [pd.read_csv(run / "history.tsv", sep="\t") for run in finished]
    write_tsv(pd.concat(histories), outputs.history)
    records = [json.loads((run / "run.json").read_text(encoding="utf-8")) for run in finished]
    write_json([record | dict(origin) for record in records], outputs.runs)
    shutil.copyfile(finished[0] / "model.json", outputs.model)
    outputs.weights.mkdir(parents=True, exist_ok=True)
    for run in finished:
        shutil.copyfile(run / "weights.safetensors", outputs.weights / f"{run.name}.safetensors")
