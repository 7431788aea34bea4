"""Computes the spectrograms, the waveforms and the levels that a figure shows."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from pydantic import TypeAdapter

from retable.features.examples import write_examples
from retable.features.shown import ShownFeature
from retable.logs import job_log
from retable.spec.figure import ExampleClips

with job_log(snakemake.log[0]):
    write_examples(
        Path(snakemake.input.dataset),
        [Path(shard) for shard in snakemake.input.audio],
        ExampleClips.model_validate_json(snakemake.params.clips),
        TypeAdapter(ShownFeature).validate_json(snakemake.params.feature),
        Path(snakemake.output.examples),
    )
