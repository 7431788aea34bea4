"""Which device trains, and how strictly it repeats itself."""

import os

import torch

from retable.errors import DataError


def training_device(choice: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda`.

    Raises:
        DataError: `cuda` is asked for and torch sees no GPU.
    """
    if choice == "cuda" and not torch.cuda.is_available():
        raise DataError(
            "compute.device is cuda, but torch sees no GPU (torch.cuda.is_available() is false); "
            "check the driver with nvidia-smi, or set compute.device to auto or cpu"
        )
    if choice == "auto":
        choice = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(choice)


def device_name(device: torch.device) -> str:
    """Name for people and records: the GPU's own name, or `cpu`."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def set_determinism(strict: bool, same_shapes: bool = True) -> None:
    """One CPU thread always, so that results do not depend on `--cores`; strict kernels if asked.

    Where they need not be strict, kernels are tried out if all batches have the `same_shapes`: for
    each new shape that would take longer than it gains.

    cuBLAS reads its workspace setting when CUDA starts: call this before the first CUDA operation.
    """
    torch.set_num_threads(1)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(strict)
    # Strict mode would also overwrite new memory, which matters only to kernels that read it first.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.deterministic = strict
    torch.backends.cudnn.benchmark = not strict and same_shapes
    torch.backends.cuda.matmul.allow_tf32 = not strict
    torch.backends.cudnn.allow_tf32 = not strict
