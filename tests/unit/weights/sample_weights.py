"""Weights of tiny files: what `workflow/weights/<name>.yaml` would say of them."""

import hashlib
from pathlib import Path
from typing import Any

import torch
from torchvision import models

from retable.spec.remote_file import RemoteFile
from retable.spec.weights import PublishedWeights


def remote_file(architecture: str, content: bytes, root: str = "https://up.example") -> RemoteFile:
    """A file whose name ends with the first digits of its checksum, as those of torchvision do."""
    digits = hashlib.sha256(content).hexdigest()[:8]
    name = f"{architecture}-{digits}.pth"
    return RemoteFile(
        name=name, urls=(f"{root}/{name}",), bytes=len(content), exact=False, sha256=digits
    )


def published(files: dict[str, RemoteFile]) -> PublishedWeights:
    return PublishedWeights(
        weights="imagenet",
        title="Weights of something",
        homepage="https://up.example/weights",
        licence="BSD",
        citation="Somebody (2009)",
        files=files,
    )


def state_of(architecture: str, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights of torchvision's own network for 1000 classes."""
    torch.manual_seed(seed)
    return dict(models.get_model(architecture, weights=None).state_dict())


def saved(path: Path, state: Any, **options: Any) -> Path:
    """A file as publishers write it."""
    torch.save(state, path, **options)
    return path
