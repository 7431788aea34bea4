"""Cuts a dataset from the manifest of its corpus."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.corpora.tables import write_dataset
from retable.logs import job_log
from retable.spec.corpus import Dataset

with job_log(snakemake.log[0]):
    write_dataset(
        Path(snakemake.input.manifest),
        Path(snakemake.input.rejected),
        Dataset.model_validate_json(snakemake.params.dataset),
        snakemake.params.classes,
        Path(snakemake.output.dataset),
        Path(snakemake.output.rejected),
    )
