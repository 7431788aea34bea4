"""What a model is made of, read from the model."""

from typing import Any, TypedDict

import torch
from torch import nn


class Layer(TypedDict):
    """A module without children, as it ran; JSON can hold it."""

    layer: str
    """Name within the model, such as `blocks.0.convolution1`."""
    type: str
    """Name of its class."""
    output_shape: list[int]
    """Without the batch."""
    parameters: int
    """Trainable numbers that it holds."""


def layer_table(model: nn.Module, input_shape: tuple[int, ...]) -> list[Layer]:
    """Layers in the order in which they run on one input of zeros (1, *input_shape).

    The input's channels come first in `input_shape`: (1, rows, frames) or (1, samples). The model
    is left in the mode, training or evaluation, and with the statistics that it had.
    """
    layers: list[Layer] = []

    def record(name: str, module: nn.Module, output: torch.Tensor) -> None:
        layers.append(
            Layer(
                layer=name,
                type=type(module).__name__,
                output_shape=list(output.shape[1:]),
                parameters=parameter_count(module),
            )
        )

    def hook(name: str) -> Any:
        return lambda module, _, output: record(name, module, output)

    leaves = [(name, module) for name, module in model.named_modules() if not [*module.children()]]
    handles = [module.register_forward_hook(hook(name)) for name, module in leaves]
    training = model.training
    device = next(model.parameters()).device
    try:
        with torch.no_grad():
            model.eval()(torch.zeros(1, *input_shape, device=device))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return layers


def parameter_count(model: nn.Module) -> int:
    """Trainable numbers in a model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
