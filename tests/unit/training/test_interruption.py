"""Trainings that are killed go on where they were, to the same bytes."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sample_part as sample
from sample_part import (
    EPOCHS,
    STEPS_PER_EPOCH,
    result_bytes,
    sample_part,
    stopped_in_step,
    train,
    work_folder,
)

from repository import WORKFLOW
from retable.spec.compute import Compute
from retable.training.checkpoint import Checkpoint

STEPS = EPOCHS * STEPS_PER_EPOCH


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return sample.write_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def undisturbed(inputs, tmp_path_factory):
    """Bytes of a part that was trained in one go."""
    return result_bytes(train(tmp_path_factory.mktemp("undisturbed") / "p", sample_part(), inputs))


def start_job(inputs, folder: Path, compute: Compute, *saves: int) -> subprocess.Popen[bytes]:
    """Trains the sample part in a process of its own."""
    arguments = [inputs.dataset.parent, folder, compute.model_dump_json(), *saves]
    return subprocess.Popen(
        [sys.executable, sample.__file__, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(WORKFLOW)},
    )


def wait_for(pattern: str, folder: Path, job: subprocess.Popen[bytes]) -> None:
    """Waits until a file or folder in the job's work folder matches the pattern."""
    patience = time.monotonic() + 60
    while not [*work_folder(folder).glob(pattern)]:
        assert job.poll() is None and time.monotonic() < patience, f"no {pattern} appeared"
        time.sleep(0.002)


def own_work_folder(folder: Path) -> Path:
    (own,) = work_folder(folder).iterdir()
    return own


def test_a_job_killed_within_an_epoch_goes_on_to_the_bytes_of_an_undisturbed_one(
    tmp_path, undisturbed, inputs, caplog
):
    folder = tmp_path / "part0"
    every_step = Compute(device="cpu", checkpoint_minutes=0, epoch_delay_s=0.01)
    second_run_second_epoch_second_step = STEPS + STEPS_PER_EPOCH + 2
    job = start_job(inputs, folder, every_step, second_run_second_epoch_second_step)
    assert job.wait() == -signal.SIGKILL
    assert sorted(path.name for path in own_work_folder(folder).iterdir()) == [
        "repeat0-fold0",
        "repeat0-fold1.checkpoint",
    ]
    assert [*folder.iterdir()] == []

    caplog.set_level(logging.INFO, logger="retable")
    outputs = train(folder, sample_part(), inputs)
    assert result_bytes(outputs) == undisturbed
    assert "NET paper repeat0-fold1: resumed in epoch 2 of 6" in caplog.messages
    assert not work_folder(folder).exists()


def test_sigterm_saves_at_once_and_fails_the_job_which_then_goes_on(
    tmp_path, undisturbed, inputs, caplog
):
    folder = tmp_path / "part0"
    slow = Compute(device="cpu", checkpoint_minutes=60, epoch_delay_s=0.2)
    job = start_job(inputs, folder, slow)
    wait_for("*/repeat0-fold0", folder, job)
    time.sleep(0.3)
    sent = time.time()
    job.terminate()
    assert job.wait() == 1
    checkpoint = own_work_folder(folder) / "repeat0-fold1.checkpoint"
    assert checkpoint.stat().st_mtime - sent < 1
    log = Path(f"{folder}.log").read_text(encoding="utf-8")
    assert "NET paper repeat0-fold1: stopped in epoch" in log

    caplog.set_level(logging.INFO, logger="retable")
    assert result_bytes(train(folder, sample_part(), inputs)) == undisturbed
    assert any("repeat0-fold1: resumed in epoch" in message for message in caplog.messages)
    retrained = [message for message in caplog.messages if "repeat0-fold0" in message]
    assert retrained == []


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("os.fsync", 5),
        ("retable.training.part.save_file", 2),
        ("retable.training.part.write_predictions", 3),
    ],
    ids=["a checkpoint", "the files of a run", "the files of the part"],
)
def test_a_full_disk_at_any_file_costs_nothing_but_the_time(
    tmp_path, undisturbed, inputs, monkeypatch, function, call
):
    folder, calls = tmp_path / "part0", []
    module, _, name = function.rpartition(".")
    original = getattr(sys.modules[module], name)

    def failing(*arguments):
        calls.append(arguments)
        if len(calls) == call:
            if name == "fsync":
                os.ftruncate(arguments[0], 100)
            raise OSError("No space left on device")
        return original(*arguments)

    every_step = Compute(device="cpu", checkpoint_minutes=0)
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(function, failing)
        train(folder, sample_part(), inputs, compute=every_step)
    assert result_bytes(train(folder, sample_part(), inputs, compute=every_step)) == undisturbed
    assert not work_folder(folder).exists()


@pytest.fixture
def preempt(inputs):
    """Trains into a folder and sends this process SIGTERM in step `step` of all steps."""

    def train_and_stop(folder: Path, step: int, **training: object) -> None:
        with stopped_in_step(step):
            train(folder, sample_part(**training), inputs)

    return train_and_stop


@pytest.mark.parametrize("step", [1, STEPS_PER_EPOCH, STEPS, STEPS + 1, 2 * STEPS])
def test_every_step_is_one_to_stop_at(tmp_path, preempt, undisturbed, inputs, step):
    """The first of an epoch, the last of an epoch, of a run and of the part."""
    preempt(tmp_path / "part0", step)
    assert result_bytes(train(tmp_path / "part0", sample_part(), inputs)) == undisturbed


def test_stopping_over_and_over_again_ends_with_the_same_bytes(
    tmp_path, preempt, undisturbed, inputs
):
    for _ in range(5):
        preempt(tmp_path / "part0", 4)
    assert result_bytes(train(tmp_path / "part0", sample_part(), inputs)) == undisturbed


@pytest.mark.parametrize(
    "training",
    [
        {"selection": "best_test"},
        {"optimizer": "sgd", "momentum": 0.9, "decay_every": 2},
        {"precision": "bfloat16"},
    ],
    ids=["best epoch", "momentum and decay", "bfloat16"],
)
def test_all_state_of_a_training_survives(tmp_path, preempt, inputs, training):
    in_one_go = train(tmp_path / "reference", sample_part(**training), inputs)
    preempt(tmp_path / "part0", STEPS - STEPS_PER_EPOCH - 1, **training)
    resumed = train(tmp_path / "part0", sample_part(**training), inputs)
    assert result_bytes(resumed) == result_bytes(in_one_go)


def test_a_signal_between_runs_and_parts_reaches_whoever_listened_before(tmp_path, preempt):
    received = []
    previous = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    try:
        preempt(tmp_path / "part0", 2)
        assert received == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert received == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, previous)


@pytest.mark.parametrize("change", ["code", "spec", "data"])
def test_what_another_training_left_is_not_gone_on_with(
    tmp_path, preempt, undisturbed, inputs, caplog, change
):
    folder = tmp_path / "part0"
    preempt(folder, STEPS + 2)
    before = own_work_folder(folder)
    part, own_inputs, code = sample_part(), inputs, "code"
    if change == "code":
        code = "other code"
    elif change == "spec":
        part = sample_part(learning_rate=0.02)
    else:
        own_inputs = sample.write_inputs(tmp_path / "inputs", pattern=1.5)

    caplog.set_level(logging.INFO, logger="retable")
    outputs = train(folder, part, own_inputs, code=code)
    assert "NET: spec, code or data changed; starting afresh" in caplog.messages
    assert not any("resumed" in message for message in caplog.messages)
    assert not before.exists()
    assert (result_bytes(outputs) == undisturbed) == (change == "code")


def test_a_checkpoint_is_due_by_time(tmp_path, monkeypatch):
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    checkpoint = Checkpoint(tmp_path / "work" / "run.checkpoint", minutes=2)
    assert checkpoint.load("cpu") is None
    now = 219.0
    assert not checkpoint.is_due()
    now = 220.0
    assert checkpoint.is_due()
    checkpoint.save({"step": 3})
    assert not checkpoint.is_due()
    assert checkpoint.load("cpu") == {"step": 3}
    assert [path.name for path in checkpoint.path.parent.iterdir()] == ["run.checkpoint"]
    checkpoint.remove()
    assert checkpoint.load("cpu") is None
