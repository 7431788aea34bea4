"""Prints, as Markdown, the most memory that computing features and training CAB-CNN take.

Features are computed as the workflow does, over one shard of synthetic clips: their peak should not
grow with the number of clips. One training step of CAB-CNN on clips of 60 s is measured as the
paper's experiment configures it, with the convolutions of a few clips in memory at once
(`clips_at_once`), and plainly, with those of the whole batch.

Every measurement is a process of its own, whose largest resident memory Linux tells; it may take
no more than is available when it starts, so that a step that needs more fails alone.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from configured_plan import configured_plan
from network_step import input_shape, training_step
from own_process import GIGABYTE, in_own_process, peak_bytes

from retable.audio.packed import PackedWriter
from retable.plan.plan import Plan
from retable.spec.base import canonical_json
from retable.spec.feature import Feature
from retable.spec.part import Part

FEATURES = {
    "stft257": ("gresnets", "GR-G-S"),
    "wave60": ("cabcnn", "CA-CAB-60"),
    "rgb224": ("cabcnn", "CA-VGG"),
}
"""Feature -> paper and experiment that it is the feature of."""

NETWORK = ("cabcnn", "CA-CAB-60")
CLIPS_PER_WRITE = 100


@dataclass(frozen=True)
class Measurement:
    """What one process is to do."""

    what: str
    clips: int
    function: Callable[..., None]
    arguments: tuple[Any, ...]
    clips_at_once: int | None = None
    """Of a training step that is not plain."""


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


def compute_feature(feature: Feature, audio: Path, folder: Path) -> None:
    """Compute a feature of all clips of an audio shard, as the workflow's job does."""
    from retable.features.store import write_feature_shard

    data = folder / "feature.npy"
    write_feature_shard(feature, audio, data, data.with_suffix(".json"))


def train_one_step(part: Part, shape: tuple[int, ...]) -> None:
    """One step on a batch of noise."""
    # The step alone, without the engine: the clips that a training holds, its checkpoints and the
    # evaluation of held-out clips are not in this peak.
    import torch

    training_step(part, shape, torch.device("cpu"))()


def measure(measurement: Measurement, limit_bytes: int) -> tuple[float, int] | None:
    """Seconds that a measurement takes and the peak memory of this process, in bytes.

    None where it asks for more than the limit.
    """
    # Of what can be written alone: libraries map far more than they touch.
    resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, limit_bytes))
    started = time.monotonic()
    try:
        measurement.function(*measurement.arguments)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            return None
        raise
    return time.monotonic() - started, peak_bytes()


def available_bytes() -> int:
    """Memory that a process can take without others being swapped out."""
    for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("/proc/meminfo: no line MemAvailable; this benchmark needs Linux")


def feature_measurements(
    plan: Plan, names: Sequence[str], clips: int, seconds: float, folder: Path | None
) -> Iterator[Measurement]:
    """One measurement a feature; its files are removed when the next is asked for."""
    for name in names:
        paper, experiment = FEATURES[name]
        feature = plan.experiment(paper, experiment, "paper").inputs[0].feature
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            audio = write_noise(Path(scratch), feature.sample_rate, clips, seconds)
            what = f"{name} of {paper}, clips of {seconds:g} s"
            yield Measurement(what, clips, compute_feature, (feature, audio, Path(scratch)))


def step_measurements(plan: Plan, batches: Sequence[int]) -> Iterator[Measurement]:
    """Two measurements a batch size: the plain step, then the configured one."""
    experiment = plan.experiment(*NETWORK, "paper")
    part, feature = plan.part(experiment, "0"), experiment.inputs[0].feature
    shape = in_own_process(input_shape, feature)
    what = f"a step of CAB-CNN, clips of {feature.seconds:g} s"
    for clips in batches:
        training = part.training.model_copy(update={"batch_size": clips})
        configured = part.model_copy(update={"training": training})
        at_once = part.model.clips_at_once
        model = part.model.model_copy(update={"clips_at_once": None})
        plain = configured.model_copy(update={"model": model})
        yield Measurement(f"{what}, plain", clips, train_one_step, (plain, shape))
        yield Measurement(
            f"{what}, {at_once} clips at once", clips, train_one_step, (configured, shape), at_once
        )


def table_rows(measurements: Iterable[Measurement], most_bytes: float) -> Iterator[dict[str, str]]:
    """Measure one after the other: one row of the table each."""
    plain_bytes: dict[int, int] = {}
    for one in measurements:
        print(f"measuring: {one.what}, {one.clips} clips", file=sys.stderr)
        limit = int(min(most_bytes, available_bytes()))
        measured = in_own_process(measure, one, limit)
        row = {"what": one.what, "clips": f"{one.clips:,}", "seconds": "-"}
        if measured is None:
            yield row | {"peak (GB)": f"more than {limit / GIGABYTE:.1f}", "of plain step": "-"}
            continue
        seconds, peak = measured
        row |= {"seconds": f"{seconds:.0f}", "peak (GB)": f"{peak / GIGABYTE:.2f}"}
        if one.function is train_one_step and one.clips_at_once is None:
            plain_bytes[one.clips] = peak
        plain = plain_bytes.get(one.clips) if one.clips_at_once else None
        yield row | {"of plain step": f"{peak / plain:.2f}" if plain else "-"}


def _arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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
    plan = configured_plan()
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
