"""A copy of the project, and what a call of Snakemake did in it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from repository import REPOSITORY

TINY_SCALE = REPOSITORY / "tests" / "data" / "tiny.yaml"
PROJECT_FILES = ("Snakefile", "config.yaml", "workflow", "envs", "profiles")

# The workflow must build without a network: whoever tries one finds a closed door at once.
NO_NETWORK = {
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1,localhost",
}


@dataclass(frozen=True)
class Job:
    """A job that ran to its end."""

    rule: str
    wildcards: Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """What one call of Snakemake did."""

    returncode: int
    output: str
    """Standard output and error, as they were printed."""
    jobs: list[Job]
    """Jobs that finished, without target rules, which make no file (`all`, `gresnets`, ...)."""
    seconds: float

    @property
    def rules(self) -> Counter[str]:
        """Rule -> how many of its jobs finished."""
        return Counter(job.rule for job in self.jobs)

    def wildcards(self, rule: str, name: str) -> set[str]:
        """Values of a wildcard over the jobs of a rule that finished."""
        return {job.wildcards[name] for job in self.jobs if job.rule == rule}

    @property
    def planned(self) -> Counter[str]:
        """Rule -> how many of its jobs a dry run lists, target rules included."""
        statistics = re.findall(r"^(\w+) +(\d+)$", self.output, re.MULTILINE)
        return Counter({rule: int(count) for rule, count in statistics if rule != "total"})

    def planned_wildcards(self, rule: str, name: str) -> set[str]:
        """Values of a wildcard over the jobs of a rule that a dry run lists."""
        jobs = re.findall(rf"^rule {rule}:\n(?:    .*\n)*?    wildcards: (.*)$", self.output, re.M)
        return {dict(pair.split("=", 1) for pair in job.split(", "))[name] for job in jobs}

    @property
    def did_nothing(self) -> bool:
        return not self.jobs and "Nothing to be done" in self.output


class Project:
    """A copy of the project that is built at the scale `tiny`: one paper, variant `paper` only."""

    def __init__(self, path: Path):
        self.path = path

    @property
    def results(self) -> Path:
        """Where the builds of the scale `tiny` go."""
        return self.path / "results" / "tiny"

    def run(
        self,
        *arguments: str,
        config: Mapping[str, Any] | None = None,
        cores: int = 2,
        check: bool = True,
    ) -> Result:
        """Calls Snakemake and waits for its end.

        Args:
            arguments: targets and options (`"all"`, `"-n"`); nothing builds `all`.
            config: laid over the project's config.yaml, as `--configfile` does.
            cores: jobs at a time.
            check: fail the test when Snakemake fails.
        """
        started = time.monotonic()
        process = self.start(*arguments, config=config, cores=cores)
        try:
            output, _ = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        seconds = time.monotonic() - started
        assert not check or process.returncode == 0, output
        return Result(process.returncode, output, finished_jobs(output), seconds)

    def start(
        self, *arguments: str, config: Mapping[str, Any] | None = None, cores: int = 2
    ) -> "subprocess.Popen[str]":
        """Starts Snakemake in a process group of its own, to be killed as a whole."""
        command = [sys.executable, "-m", "snakemake", *arguments, "--cores", str(cores)]
        if config is not None:
            laid_over = self.path / "laid-over.yaml"
            laid_over.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
            command += ["--configfile", laid_over.name]
        environment = {key: os.environ[key] for key in os.environ if key != "SNAKEMAKE_PROFILE"}
        return subprocess.Popen(
            command,
            cwd=self.path,
            env=environment | NO_NETWORK,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces the one place in a file of the project where `old` stands."""
        path = self.path / file
        content = path.read_text(encoding="utf-8")
        assert content.count(old) == 1, f"{file} holds {content.count(old)} times {old!r}"
        path.write_text(content.replace(old, new), encoding="utf-8")

    def contents(self, *patterns: str) -> dict[str, bytes]:
        """Path below the results -> bytes, of every file that matches one of the patterns."""
        found = {}
        for pattern in patterns:
            files = [path for path in sorted(self.results.glob(pattern)) if path.is_file()]
            assert files, f"nothing in {self.results} matches {pattern}"
            found |= {str(path.relative_to(self.results)): path.read_bytes() for path in files}
        return found

    def copy_to(self, path: Path) -> "Project":
        """A copy with all times kept: to Snakemake, the same project."""
        shutil.copytree(self.path, path, symlinks=True)
        return Project(path)


def new_project(path: Path) -> Project:
    """The repository's own files, not yet built, with the scale `tiny` selected."""
    path.mkdir(parents=True, exist_ok=True)
    for name in PROJECT_FILES:
        source = REPOSITORY / name
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, path / name, ignore=ignore)
        else:
            shutil.copy2(source, path / name)
    shutil.copy2(TINY_SCALE, path / "workflow" / "scales" / "tiny.yaml")
    config = yaml.safe_load((path / "config.yaml").read_text(encoding="utf-8"))
    config |= {"scale": "tiny", "variants": ["paper"], "papers": ["gresnets"]}
    config["compute"]["device"] = "cpu"
    (path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return Project(path)


def finished_jobs(output: str) -> list[Job]:
    """The jobs that Snakemake says have finished, in their order."""
    announced: dict[str, Job] = {}
    finished: list[Job] = []
    rule, jobid, wildcards, makes_files = "", "", {}, False
    for line in output.splitlines():
        if match := re.match(r"(?:local)?(?:rule|checkpoint) (\S+):$", line):
            rule, jobid, wildcards, makes_files = match[1], "", {}, False
        elif match := re.match(r"    (output|jobid|wildcards): (.*)$", line):
            if match[1] == "output":
                makes_files = True
            elif match[1] == "jobid":
                jobid = match[2]
            else:
                wildcards = dict(pair.split("=", 1) for pair in match[2].split(", "))
            if jobid and makes_files:
                announced[jobid] = Job(rule, wildcards)
        elif (match := re.match(r"Finished jobid: (\d+) ", line)) and match[1] in announced:
            finished.append(announced[match[1]])
    return finished
