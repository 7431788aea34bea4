"""Unpacks one archive of a corpus."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))

from retable.corpora.unpack import unpack_archive
from retable.logs import job_log

with job_log(snakemake.log[0]):
    unpack_archive(
        Path(snakemake.input.archive),
        Path(snakemake.output.folder),
        snakemake.params.max_bytes,
        snakemake.params.files_md5,
        snakemake.params.only,
    )
