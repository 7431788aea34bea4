"""Prints, as Markdown, the most memory that computing features and training CAB-CNN take.

Features are computed as the workflow does, over one shard of synthetic clips: their peak should not
grow with the number of clips. One training step of CAB-CNN on clips of 60 s is measured as the
paper's experiment configures it, with the convolutions of a few clips in memory at once
(`clips_at_once`), and plainly, with those of the whole batch.

Every measurement is a process of its own, whose largest resident memory Linux tells; it may take
no more than is available when it starts, so that a step that needs more fails alone.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from configured_plan import ROOT

from retable.audio.packed import PackedWriter
from retable.plan.plan import Plan
from retable.spec.base import canonical_json

Measurement = dict[str, Any]
"""What one process is to do, as JSON."""

FEATURES = {
    "stft257": ("gresnets", "GR-G-S"),
    "wave60": ("cabcnn", "CA-CAB-60"),
    "rgb224": ("cabcnn", "CA-VGG"),
}
"""Feature -> paper and experiment that it is the feature of."""

NETWORK = ("cabcnn", "CA-CAB-60")
GIGABYTE = 1e9
CLIPS_PER_WRITE = 100
TOO_LITTLE_MEMORY = 3
"""Exit status of a measurement that asked for more memory than there was."""


def paper_scale_plan() -> Plan:
    """The plan at paper scale, of which only specs are read."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config["scale"] = "paper"
    config["corpora"] = {name: {"source": "simulated"} for name in config["corpora"]}
    return Plan.of(config, ROOT / "workflow")


def write_noise(folder: Path, sample_rate: int, clips: int, seconds: float) -> Path:
    """One audio shard of so many clips of noise; returns its data file."""
    data = folder / "audio.npy"
    generator = np.random.default_rng(0)
    frames = round(seconds * sample_rate)
    with PackedWriter(data, np.dtype(np.float32), ()) as packed:
        for start in range(0, clips, CLIPS_PER_WRITE):
            several = min(CLIPS_PER_WRITE, clips - start) * frames
            packed.append(0.1 * generator.standard_normal(several, dtype=np.float32))
    index = {
        "sample_rate": sample_rate,
        "layout": "mono",
        "clip_ids": [f"clip{clip:06d}" for clip in range(clips)],
        "frames": [frames] * clips,
    }
    data.with_suffix(".json").write_text(canonical_json(index) + "\n", encoding="utf-8")
    return data


def compute_feature(measurement: Measurement) -> None:
    """Compute a feature of all clips of an audio shard, as the workflow's job does."""
    from pydantic import TypeAdapter

    from retable.features.store import write_feature_shard
    from retable.spec.feature import Feature

    feature = TypeAdapter(Feature).validate_python(measurement["feature"])
    data = Path(measurement["folder"]) / "feature.npy"
    write_feature_shard(feature, Path(measurement["audio"]), data, data.with_suffix(".json"))


def train_one_step(measurement: Measurement) -> None:
    """One step of Adam on a batch of noise."""
    # The step alone, without the engine: the clips that a training holds, its checkpoints and the
    # evaluation of held-out clips are not in this peak.
    import torch
    from torch.nn.functional import cross_entropy

    from retable.models.classifier_attention import ClassifierAttentionNetwork
    from retable.spec.model import ClassifierAttention

    torch.manual_seed(0)
    classes = measurement["classes"]
    network = ClassifierAttentionNetwork(
        ClassifierAttention.model_validate(measurement["model"]),
        (1, measurement["samples"]),
        classes,
    )
    optimizer = torch.optim.Adam(network.parameters())
    network.train()
    logits = network(torch.randn(measurement["clips"], 1, measurement["samples"]))
    losses = [
        cross_entropy(logits[name], torch.arange(measurement["clips"]) % count)
        for name, count in classes.items()
    ]
    torch.stack(losses).sum().backward()
    optimizer.step()


MEASURED = {"feature": compute_feature, "step": train_one_step}


def measure(measurement: Measurement) -> None:
    """Print, as JSON, the seconds that a measurement takes and the peak memory of this process."""
    # Of what can be written alone: libraries map far more than they touch.
    resource.setrlimit(
        resource.RLIMIT_DATA, (measurement["limit_bytes"], measurement["limit_bytes"])
    )
    started = time.monotonic()
    try:
        MEASURED[measurement["kind"]](measurement)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            sys.exit(TOO_LITTLE_MEMORY)
        raise
    seconds = time.monotonic() - started
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak_bytes": 1024 * kibibytes}))


def available_bytes() -> int:
    """Memory that a process can take without others being swapped out."""
    for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("/proc/meminfo: no line MemAvailable; this benchmark needs Linux")


def measured(measurement: Measurement) -> dict[str, float] | None:
    """`seconds` and `peak_bytes`, in a process of its own; None for too little memory.

    Raises:
        CalledProcessError: it failed otherwise, and has said why.
    """
    command = [sys.executable, __file__, "--measurement", json.dumps(measurement)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == TOO_LITTLE_MEMORY:
        return None
    done.check_returncode()
    return json.loads(done.stdout)


def feature_measurements(
    plan: Plan, names: Sequence[str], clips: int, seconds: float, folder: Path | None
) -> Iterator[Measurement]:
    """One measurement a feature; its files are removed when the next is asked for."""
    for name in names:
        paper, experiment = FEATURES[name]
        feature = plan.experiment(paper, experiment, "paper").inputs[0].feature
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            audio = write_noise(Path(scratch), feature.sample_rate, clips, seconds)
            yield {
                "what": f"{name} of {paper}, clips of {seconds:g} s",
                "kind": "feature",
                "feature": feature.model_dump(mode="json"),
                "audio": str(audio),
                "folder": scratch,
                "clips": clips,
            }


def step_measurements(plan: Plan, batches: Sequence[int]) -> Iterator[Measurement]:
    """Two measurements a batch size: the plain step, then the configured one."""
    experiment = plan.experiment(*NETWORK, "paper")
    feature, model = experiment.inputs[0].feature, experiment.model
    classes = plan.classes(experiment.inputs[0].dataset)
    for clips in batches:
        for at_once in (None, model.clips_at_once):
            how = f"{at_once} clips at once" if at_once else "plain"
            yield {
                "what": f"a step of CAB-CNN, clips of {feature.seconds:g} s, {how}",
                "kind": "step",
                "model": model.model_dump(mode="json") | {"clips_at_once": at_once},
                "samples": round(feature.seconds * feature.rate),
                "classes": {task: len(classes[task]) for task in experiment.tasks},
                "clips": clips,
            }


def table_rows(measurements: Iterable[Measurement], most_bytes: float) -> Iterator[dict[str, str]]:
    """Measure one after the other: one row of the table each."""
    plain_bytes: dict[int, float] = {}
    for measurement in measurements:
        print(f"measuring: {measurement['what']}, {measurement['clips']} clips", file=sys.stderr)
        limit = int(min(most_bytes, available_bytes()))
        result = measured(measurement | {"limit_bytes": limit})
        row = {"what": measurement["what"], "clips": f"{measurement['clips']:,}", "seconds": "-"}
        if result is None:
            yield row | {"peak (GB)": f"more than {limit / GIGABYTE:.1f}", "of plain step": "-"}
            continue
        peak, ratio = result["peak_bytes"], "-"
        if measurement["kind"] == "step" and measurement["clips"] in plain_bytes:
            ratio = f"{peak / plain_bytes[measurement['clips']]:.2f}"
        elif measurement["kind"] == "step" and measurement["model"]["clips_at_once"] is None:
            plain_bytes[measurement["clips"]] = peak
        row["seconds"] = f"{result['seconds']:.0f}"
        yield row | {"peak (GB)": f"{peak / GIGABYTE:.2f}", "of plain step": ratio}


def _arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurement", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument(
        "--clips", type=int, default=20_000, help="clips of the feature stage (default 20,000)"
    )
    parser.add_argument(
        "--seconds", type=float, default=1.0, help="length of each of them (default 1)"
    )
    parser.add_argument(
        "--features",
        nargs="*",
        choices=FEATURES,
        default=list(FEATURES),
        help="which features; none when nothing follows (default all: " + ", ".join(FEATURES) + ")",
    )
    parser.add_argument(
        "--batches",
        nargs="*",
        type=int,
        default=[128],
        help="batch sizes of the training step; none when nothing follows (default 128)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="where audio and features are written and removed again: up to 0.5 MB a clip of 1 s, "
        "10 GB for 20,000 (default: the system's folder for temporary files)",
    )
    parser.add_argument(
        "--memory",
        type=float,
        default=float("inf"),
        help="GB that a measurement may take at most (default: what is available)",
    )
    return parser.parse_args()


def main() -> None:
    """Measures what the command line asks for and prints the table."""
    arguments = _arguments()
    if arguments.measurement is not None:
        measure(arguments.measurement)
        return
    plan = paper_scale_plan()
    measurements = chain(
        feature_measurements(
            plan, arguments.features, arguments.clips, arguments.seconds, arguments.folder
        ),
        step_measurements(plan, arguments.batches),
    )
    rows = list(table_rows(measurements, GIGABYTE * arguments.memory))
    # Here, so that no measured process holds it: the workflow's jobs do without.
    import pandas as pd

    print(pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    main()
