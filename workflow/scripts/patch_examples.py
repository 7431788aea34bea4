"""Writes the patches, and their mixtures, that a figure shows."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.spec.figure import MixedPatches
from retable.training.inputs import input_files
from retable.training.patch_examples import write_patch_examples

with job_log(snakemake.log[0]):
    params = snakemake.params
    write_patch_examples(
        MixedPatches.model_validate_json(params.figure),
        params.tasks,
        [input_files(files) for files in params.inputs],
        params.weight,
        Path(snakemake.output.examples),
    )
