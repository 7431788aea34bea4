"""Writes one archive of a simulated corpus in the upstream layout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.checksums import write_checksum
from retable.logs import job_log
from retable.registry import TWINS, load
from retable.spec.corpus import Simulation

with job_log(snakemake.log[0]):
    load(TWINS, snakemake.wildcards.corpus).simulate_archive(
        snakemake.wildcards.archive,
        Simulation.model_validate_json(snakemake.params.simulation),
        Path(snakemake.output.archive),
    )
    write_checksum(Path(snakemake.output.archive), Path(snakemake.output.checksum))
