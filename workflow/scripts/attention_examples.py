"""Writes what a trained network attends to in the clips that a figure shows."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.spec.part import Part
from retable.training.attention_examples import write_attention_examples
from retable.training.inputs import input_files

with job_log(snakemake.log[0]):
    params = snakemake.params
    write_attention_examples(
        Part.model_validate_json(params.part),
        input_files(params.inputs[0]),
        Path(snakemake.input.weights),
        params.classes,
        Path(snakemake.output.examples),
    )
