"""The embeddings that a finished run leaves of its clips."""

import numpy as np
import pandas as pd

from retable.spec.part import Run
from retable.training.evaluate import embed
from retable.training.loop import RunTrainer, autocast
from retable.training.samples import Samples


def embeddings_of(trainer: RunTrainer, run: Run) -> pd.DataFrame:
    """Embeddings of all clips of all roles, as they are predicted: a row a clip.

    Args:
        trainer: of the run, with the weights that predict; its clips are one sample each.
        run: whose repeat and fold the rows bear.

    Returns:
        The columns of `retable.evaluation.embeddings.SCHEMA`.
    """
    tables = [
        _of_role(trainer, samples, role) for samples in trainer.inputs for role in samples.roles
    ]
    return pd.concat(tables, ignore_index=True).assign(repeat=run.repeat, fold=run.fold)


def _of_role(trainer: RunTrainer, samples: Samples, role: str) -> pd.DataFrame:
    with autocast(trainer.training, trainer.device):
        embeddings = embed(trainer.model, samples, role, trainer.batching)
    clips, _, _ = samples.data.places(samples.roles[role])
    return pd.DataFrame(
        {
            "role": role,
            "clip_id": np.array(samples.data.clip_ids, dtype=object)[clips],
            "embedding": list(embeddings.cpu().numpy()),
        }
    )
