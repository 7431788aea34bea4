"""What a build loses when it is killed, and what its results do not depend on."""

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

PART = "runs/gresnets/GR-G-M/paper/part0"
TRAINED = f"results/tiny/{PART}/predictions.parquet"
KEPT_IN_BYTES = (f"{PART}/predictions.parquet", f"{PART}/history.tsv", f"{PART}/models/*")

EPOCHS = 8
MORE_EPOCHS = {"papers": {"gresnets": {"trainings": {"adam": {"epochs": EPOCHS}}}}}


@pytest.fixture(scope="module")
def undisturbed(first_build, tmp_path_factory) -> dict[str, bytes]:
    """What the longer training leaves when nothing happens to it."""
    project = first_build[0].copy_to(tmp_path_factory.mktemp("undisturbed") / "project")
    project.run(TRAINED, config={"overrides": MORE_EPOCHS})
    return project.contents(*KEPT_IN_BYTES)


def test_a_killed_training_goes_on_and_ends_with_the_same_bytes(built_project, undisturbed):
    """SIGKILL of everything at once, as by a power cut or a lack of memory.

    Snakemake cannot remove its lock then: `--unlock` comes before the same call again.
    """
    slowly = {
        "overrides": MORE_EPOCHS,
        "compute": {"checkpoint_minutes": 0, "epoch_delay_s": 0.3},
    }
    killed = built_project.start(TRAINED, config=slowly)
    checkpoint = f"{PART}.work/*/repeat0-fold1.checkpoint"
    wait_until(lambda: any(built_project.results.glob(checkpoint)), killed)
    # The second run now takes 8 x 0.3 s or more: a second later it is between its ends.
    time.sleep(1)
    os.killpg(killed.pid, signal.SIGKILL)
    lost_output, _ = killed.communicate()
    assert f"repeat0-fold0: epoch {EPOCHS} of {EPOCHS}" in lost_output
    assert f"repeat0-fold1: epoch {EPOCHS} of {EPOCHS}" not in lost_output
    assert not (built_project.path / TRAINED).exists()

    locked = built_project.run(TRAINED, config=slowly, check=False)
    assert locked.returncode != 0
    assert "--unlock" in locked.output
    built_project.run(TRAINED, "--unlock", config=slowly)
    result = built_project.run(TRAINED, config=slowly)

    assert result.rules == {"train": 1}
    assert "repeat0-fold1: resumed in epoch" in result.output
    assert f"repeat0-fold1: epoch {EPOCHS} of {EPOCHS}" in result.output
    assert "repeat0-fold0" not in result.output, "a finished run was trained again"
    assert built_project.contents(*KEPT_IN_BYTES) == undisturbed
    assert not list(built_project.results.glob(f"{PART}.work")), "work files are left over"


def test_results_do_not_depend_on_the_number_of_cores(first_build, built_project):
    on_two_cores, everything = first_build
    rebuilt = built_project.run(
        "results/tiny/tables/gresnets/table2.tsv",
        "results/tiny/tables/gresnets/text.tsv",
        "--forcerun",
        "index",
        cores=1,
    )
    untouched = (
        "simulate", "unpack", "summarise_corpora", "examples", "figure", "check", "page",
    )  # fmt: skip
    assert rebuilt.rules == {
        rule: count for rule, count in everything.rules.items() if rule not in untouched
    }
    results = (
        "corpora/ravdess/manifest.tsv",
        "datasets/*",
        "audio/**/*.npy",
        "features/**/*.npy",
        "splits/**/*.*",
        "runs/**/predictions.parquet",
        "runs/**/history.tsv",
        "runs/**/model.json",
        "runs/**/*.safetensors",
        "scores/**/*.tsv",
        "tables/**/*.*",
    )
    assert built_project.contents(*results) == on_two_cores.contents(*results)


def wait_until(
    condition: Callable[[], bool], process: "subprocess.Popen[str]", seconds: float = 120
) -> None:
    """Waits for a condition while the process runs; fails, and kills it, when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            pytest.fail(process.communicate()[0])
        time.sleep(0.02)
