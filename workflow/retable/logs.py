"""Logs of jobs: a file for each, and the terminal."""

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retable.errors import RetableError


@contextmanager
def job_log(path: str) -> Iterator[None]:
    """Sends the package's messages and all warnings to `path` and to the terminal.

    An error that the user can act on ends the job with its message alone; any other with its
    traceback too. Both stand in the log file, whose tail Snakemake prints.
    """
    file = logging.FileHandler(Path(path), mode="w", encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[file, terminal], force=True)
    logging.captureWarnings(True)
    logger = logging.getLogger("retable")
    logger.setLevel(logging.INFO)
    try:
        yield
    except RetableError as error:
        logger.error("Error: %s", error)
        sys.exit(1)
    except Exception:
        logger.exception("The job failed")
        sys.exit(1)
    finally:
        logging.shutdown()
        # The process ends here. Without this, Python collects what hundreds of modules hold once
        # more before it exits: a second for torch.
        gc.freeze()
