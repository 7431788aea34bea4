"""Prints, as Markdown, the time and peak memory of one optimisation step of networks.

A step is what an experiment trains by at paper scale: logits of a batch of inputs (noise here), the
loss of all tasks, its gradient, and the optimizer. It runs as trainings do, strictly deterministic,
and on a CPU in one thread. The step before it, which is not timed, is there to have the optimizer's
state in memory and the kernels loaded.

Every measurement is a process of its own, and its peak is that of both steps: on a CPU the largest
resident memory that Linux tells, torch and the network included; on a GPU what torch has had
allocated on it.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from configured_plan import configured_plan
from own_process import GIGABYTE, in_own_process, peak_bytes

from retable.spec.feature import Feature
from retable.spec.part import Part

if TYPE_CHECKING:
    import torch

EXPERIMENTS = (
    "densenet_ser/HE-DATA-CLASS",
    "densenet_ser/HE-NET-DENSENET",
    "vggvox_mtl/SC-MTL-A",
)
PRECISIONS = ("float32", "bfloat16")


def input_shape(feature: Feature) -> tuple[int, ...]:
    """Shape of what a network sees at once of a clip, channels first."""
    import torch

    from retable.features.store import Patch
    from retable.registry import FEATURES, load
    from retable.training.data import ClipData

    extractor = load(FEATURES, feature.kind)(feature)
    facts, silence = extractor.facts(), torch.from_numpy(extractor([extractor.silence()]))
    patch = Patch(**facts["patch"]) if "patch" in facts else None
    stored = silence if patch else silence.unsqueeze(1)
    return ClipData(("silence",), stored, {}, patch=patch, crop=facts.get("crop")).input_shape


def training_step(part: Part, shape: tuple[int, ...], device: "torch.device") -> Callable[[], None]:
    """One step of a part's network, always on the same seeded inputs, which it waits for."""
    import torch

    from retable.registry import MODELS, load
    from retable.training.loop import autocast
    from retable.training.optimisation import multitask_loss, optimizer_of

    training = part.training
    sizes = {task: len(names) for task, names in part.classes.items()}
    torch.manual_seed(0)
    network = load(MODELS, part.model.kind)(part.model, shape, sizes)
    network.to(device, memory_format=torch.channels_last).train()
    optimizer = optimizer_of(network.parameters(), training)
    inputs = torch.randn(training.batch_size, *shape).to(device)
    targets = {task: torch.arange(len(inputs), device=device) % n for task, n in sizes.items()}

    def step() -> None:
        with autocast(training, device):
            logits = network(inputs)
        optimizer.zero_grad(set_to_none=True)
        multitask_loss(logits, targets, training).backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return step


def measure(part: Part, shape: tuple[int, ...], choice: str) -> tuple[str, float, float]:
    """Device, seconds of the second of two steps, and peak memory of both in bytes."""
    # Here, so that the process that starts the others stays small.
    import torch

    from retable.training.device import device_name, set_determinism, training_device

    set_determinism(strict=True)
    device = training_device(choice)
    step = training_step(part, shape, device)
    step()
    started = time.monotonic()
    step()
    seconds = time.monotonic() - started
    on_gpu = device.type == "cuda"
    peak = torch.cuda.max_memory_allocated(device) if on_gpu else peak_bytes()
    return device_name(device), seconds, peak


def table_rows(arguments: argparse.Namespace) -> Iterator[dict[str, str]]:
    """Measure one after the other: a row an experiment and precision."""
    plan = configured_plan()
    for name in arguments.experiments:
        experiment = plan.experiments.get((*name.split("/"), "paper"))
        if experiment is None or experiment.training is None:
            raise SystemExit(f"{name}: no PAPER/EXPERIMENT that trains a network; see paper.yaml")
        part = plan.part(experiment, "0")
        shape = in_own_process(input_shape, experiment.inputs[0].feature)
        network = getattr(part.model, "architecture", part.model.kind)
        for precision in arguments.precisions:
            print(f"measuring: {network}, {precision}", file=sys.stderr)
            changes: dict[str, Any] = {"precision": precision}
            if arguments.batch:
                changes["batch_size"] = arguments.batch
            training = part.training.model_copy(update=changes)
            measured = part.model_copy(update={"training": training})
            device, seconds, peak = in_own_process(measure, measured, shape, arguments.device)
            yield {
                "network": network,
                "precision": precision,
                "batch": str(training.batch_size),
                "device": device,
                "seconds": f"{seconds:#.3g}",
                "peak (GB)": f"{peak / GIGABYTE:.2f}",
            }


def _arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "experiments",
        nargs="*",
        metavar="PAPER/EXPERIMENT",
        default=EXPERIMENTS,
        help="whose networks, batches and losses (default: " + ", ".join(EXPERIMENTS) + ")",
    )
    parser.add_argument(
        "--precisions",
        nargs="+",
        choices=PRECISIONS,
        default=PRECISIONS,
        help="bfloat16 is autocast, as in training (default both)",
    )
    parser.add_argument("--batch", type=int, help="inputs of a step (default: the experiment's)")
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="auto takes a GPU where there is one (default)",
    )
    return parser.parse_args()


def main() -> None:
    """Measures what the command line asks for and prints the table."""
    rows = list(table_rows(_arguments()))
    # Here, so that no measured process holds it.
    import pandas as pd

    print(pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    main()
