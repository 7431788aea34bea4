import subprocess
import sys

import pytest

from repository import WORKFLOW


@pytest.fixture
def run_job(tmp_path):
    """Runs code as a job of its own; returns the finished process and the log file's text."""

    def run(code: str) -> tuple[subprocess.CompletedProcess[str], str]:
        log = tmp_path / "job.log"
        script = "import logging, sys, warnings\n"
        script += f"sys.path.insert(0, {str(WORKFLOW)!r})\n"
        script += "from retable.errors import ConfigError, DataError\n"
        script += "from retable.logs import job_log\n"
        script += f"with job_log({str(log)!r}):\n"
        script += "".join(f"    {line}\n" for line in code.splitlines())
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        return done, log.read_text(encoding="utf-8")

    return run


def test_progress_of_the_package_goes_to_the_log_and_the_terminal(run_job):
    done, log = run_job(
        "logging.getLogger('retable.training').info('epoch %d of 3', 1)\n"
        "logging.getLogger('retable.training').debug('too much')\n"
        "logging.getLogger('elsewhere').info('chatter')\n"
    )
    assert done.returncode == 0
    assert log.endswith("INFO epoch 1 of 3\n") and len(log.splitlines()) == 1
    assert done.stderr == "epoch 1 of 3\n"


def test_an_error_of_the_user_leaves_its_message_alone(run_job):
    done, log = run_job("raise DataError('clip c1 has no label; add one to labels.tsv')")
    assert done.returncode == 1
    assert log.endswith("ERROR Error: clip c1 has no label; add one to labels.tsv\n")
    assert "Traceback" not in log + done.stderr
    assert done.stderr == "Error: clip c1 has no label; add one to labels.tsv\n"


def test_every_fault_of_a_configuration_is_in_the_log(run_job):
    done, log = run_job("raise ConfigError('config.yaml', ['scale: missing', 'papers: missing'])")
    assert done.returncode == 1
    assert "config.yaml: 2 faults\n  - scale: missing\n  - papers: missing\n" in log


def test_a_defect_leaves_its_traceback(run_job):
    done, log = run_job("[][1]")
    assert done.returncode == 1
    for text in (log, done.stderr):
        assert "Traceback (most recent call last)" in text
        assert "IndexError: list index out of range" in text


def test_warnings_are_kept(run_job):
    done, log = run_job(
        "warnings.warn('features are clipped')\nlogging.getLogger('other').warning('beware')"
    )
    assert done.returncode == 0
    assert "UserWarning: features are clipped" in log
    assert "WARNING beware" in log


def test_a_rerun_starts_a_new_log(run_job):
    run_job("raise DataError('first attempt')")
    done, log = run_job("logging.getLogger('retable').info('second attempt')")
    assert done.returncode == 0
    assert "second attempt" in log and "first attempt" not in log
