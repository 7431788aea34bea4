"""Fits a baseline for the runs of one part."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.baselines.part import fit_part
from retable.logs import job_log
from retable.spec.part import Part
from retable.training.inputs import input_files

with job_log(snakemake.log[0]):
    fit_part(
        Part.model_validate_json(snakemake.params.part),
        [input_files(files) for files in snakemake.params.inputs],
        Path(snakemake.output.predictions),
        Path(snakemake.output.runs),
        code=snakemake.params.code,
    )
