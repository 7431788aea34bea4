"""Prints, as Markdown, the time and peak memory of one optimisation step of DenseNet.

A step is what densenet_ser trains by: logits of a batch of 24 images of 3 x 128 x 256 (noise here),
cross entropy over eight classes, its gradient, and AdamW. It runs as trainings do, strictly
deterministic, and on a CPU in one thread. The step before it, which is not timed, is there to have
the optimizer's state in memory and the kernels loaded.

Every measurement is a process of its own, and its peak is that of both steps: on a CPU the largest
resident memory that Linux tells, torch and the network included; on a GPU what torch has had
allocated on it.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

if TYPE_CHECKING:
    import torch

    from retable.spec.training import Training

Measurement = dict[str, Any]
"""What one process is to do, as JSON."""

ARCHITECTURES = ("densenet161", "densenet121")
PRECISIONS = ("float32", "bfloat16")
IMAGE = (3, 128, 256)
CLASSES = {"emotion": 8}
GIGABYTE = 1e9


def measure(measurement: Measurement) -> dict[str, Any]:
    """Seconds of the second of two steps, and the device and peak memory of both."""
    # Here, so that the process that starts the others stays small: they begin with its peak.
    import torch

    from retable.spec.training import Training
    from retable.training.device import device_name, set_determinism, training_device

    set_determinism(strict=True)
    device = training_device(measurement["device"])
    on_gpu = device.type == "cuda"
    training = Training(
        epochs=1,
        batch_size=measurement["batch"],
        optimizer="adamw",
        learning_rate=1e-4,
        weight_decay=1e-3,
        precision=measurement["precision"],
    )
    step = training_step(measurement["architecture"], training, device)
    step()
    started = time.monotonic()
    step()
    seconds = time.monotonic() - started
    peak = torch.cuda.max_memory_allocated(device) if on_gpu else _largest_resident_bytes()
    return {"device": device_name(device), "seconds": seconds, "peak_bytes": peak}


def training_step(
    architecture: str, training: "Training", device: "torch.device"
) -> Callable[[], None]:
    """One step of a network, always on the same seeded images, which it waits for."""
    import torch

    from retable.models.torchvision_networks import TorchvisionNetwork
    from retable.spec.model import TorchvisionNetwork as Spec
    from retable.training.loop import autocast
    from retable.training.optimisation import multitask_loss, optimizer_of

    torch.manual_seed(0)
    spec = Spec(kind="torchvision", architecture=architecture)
    network = TorchvisionNetwork(spec, IMAGE, CLASSES)
    network.to(device, memory_format=torch.channels_last).train()
    optimizer = optimizer_of(network.parameters(), training)
    images = torch.randn(training.batch_size, *IMAGE).to(device)
    targets = {task: torch.arange(len(images), device=device) % n for task, n in CLASSES.items()}

    def step() -> None:
        with autocast(training, device):
            logits = network(images)
        optimizer.zero_grad(set_to_none=True)
        multitask_loss(logits, targets, training).backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return step


def _largest_resident_bytes() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def table_row(measurement: Measurement) -> dict[str, str]:
    """Measure in a process of its own: one row of the table.

    Raises:
        CalledProcessError: it failed, and has said why.
    """
    print("measuring: {architecture}, {precision}".format(**measurement), file=sys.stderr)
    command = [sys.executable, __file__, "--measurement", json.dumps(measurement)]
    result = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return {
        "network": measurement["architecture"],
        "precision": measurement["precision"],
        "batch": str(measurement["batch"]),
        "device": result["device"],
        "seconds": f"{result['seconds']:.3g}",
        "peak (GB)": f"{result['peak_bytes'] / GIGABYTE:.2f}",
    }


def _arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurement", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument(
        "--networks",
        nargs="+",
        choices=ARCHITECTURES,
        default=ARCHITECTURES,
        help="which of them (default both)",
    )
    parser.add_argument(
        "--precisions",
        nargs="+",
        choices=PRECISIONS,
        default=PRECISIONS,
        help="bfloat16 is autocast, as in training (default both)",
    )
    parser.add_argument("--batch", type=int, default=24, help="images of a step (default 24)")
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="auto takes a GPU where there is one (default)",
    )
    return parser.parse_args()


def main() -> None:
    """Measures what the command line asks for and prints the table."""
    arguments = _arguments()
    if arguments.measurement is not None:
        print(json.dumps(measure(arguments.measurement)))
        return
    rows = [
        table_row(
            {
                "architecture": architecture,
                "precision": precision,
                "batch": arguments.batch,
                "device": arguments.device,
            }
        )
        for architecture in arguments.networks
        for precision in arguments.precisions
    ]
    import pandas as pd

    print(pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    main()
