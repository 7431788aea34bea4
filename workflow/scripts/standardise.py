"""Measures features over the training clips of every fold."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.logs import job_log
from retable.training.standardisation import write_standardisation

with job_log(snakemake.log[0]):
    write_standardisation(
        [Path(shard) for shard in snakemake.input.features],
        Path(snakemake.input.roles),
        snakemake.wildcards.standardise,
        Path(snakemake.output.table),
    )
