"""AttentionCNN, a reconstruction: attention over the frequency bands of a spectrogram image.

Wu, Mao, Yi (Audio classification using attention-augmented convolutional neural network,
Knowledge-Based Systems 161, 2018), with which cabcnn compares itself, split a spectrogram along
frequency, let convolutions extract features of each band, and attend to the bands that matter.
Neither paper prints layers. These are ours, with the sizes of the spec: one network, shared by all
bands, of 3 x 3 convolutions with batch normalisation, ReLU and 2 x 2 max pooling, and an average
over positions; a linear score and a softmax over the bands; the weighted sum of their features; a
fully connected layer with ReLU and dropout; a linear classifier a task.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import nn

from retable.errors import ConfigError
from retable.models.layers import convolution, image_shape, linear
from retable.spec.model import BandAttention


class BandAttentionNetwork(nn.Module):
    """The reconstruction of AttentionCNN that this module describes.

    Weights are drawn from torch's global generator: seed it (`torch.manual_seed`) beforehand.
    """

    def __init__(self, spec: BandAttention, input_shape: tuple[int, ...], classes: dict[str, int]):
        """Build the layers.

        Args:
            spec: bands and sizes.
            input_shape: channels, rows and frames of the image (cabcnn: 1 x 256 x 256);
                frequencies are along its rows.
            classes: task -> number of classes.

        Raises:
            ConfigError: the input is no image, its rows cannot be split into bands of equal
                height, or nothing is left of a band after the poolings.
        """
        super().__init__()
        channels, rows, frames = image_shape(spec.kind, input_shape)
        _check(spec, rows, frames)
        self.bands, self.band_rows = spec.bands, rows // spec.bands
        self.features = nn.Sequential(
            *(
                module
                for inputs, outputs in pairwise((channels, *spec.filters))
                for module in (
                    convolution(inputs, outputs, kernel=3, stride=1),
                    nn.BatchNorm2d(outputs),
                    nn.ReLU(),
                    nn.MaxPool2d(2),
                )
            )
        )
        self.score = nn.Linear(spec.filters[-1], 1, bias=False)
        self.hidden = nn.Sequential(linear(spec.filters[-1], spec.hidden, "relu"), nn.ReLU())
        self.dropout = nn.Dropout(spec.dropout)
        self.heads = nn.ModuleDict(
            {task: linear(spec.hidden, count, "linear") for task, count in classes.items()}
        )

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Images (batch, channels, rows, frames) to logits (batch, classes) of each task."""
        features = self._band_features(x)
        weights = self.score(features).softmax(dim=1)
        attended = (weights * features).sum(dim=1)
        shared = self.dropout(self.hidden(attended))
        return {task: head(shared) for task, head in self.heads.items()}

    def structure(self) -> dict[str, Any]:
        """Sizes read from the modules that were built; `filters` has one entry a convolution."""
        return {
            "bands": self.bands,
            "filters": [
                layer.out_channels for layer in self.features if isinstance(layer, nn.Conv2d)
            ],
            "hidden": next(iter(self.hidden)).out_features,
            "dropout": self.dropout.p,
            "tasks": len(self.heads),
        }

    def _band_features(self, x: torch.Tensor) -> torch.Tensor:
        """Images to features of each of their bands (batch, bands, filters)."""
        bands = x.unflatten(2, (self.bands, self.band_rows)).transpose(1, 2)
        maps = self.features(bands.flatten(0, 1))
        return maps.mean(dim=(2, 3)).unflatten(0, (len(x), self.bands))


def _check(spec: BandAttention, rows: int, frames: int) -> None:
    faults = []
    least = 2 ** len(spec.filters)
    if rows % spec.bands:
        faults.append(
            f"bands is {spec.bands}, and the feature's images have {rows} rows, which that many "
            "bands of equal height do not make; give bands a divisor of the rows"
        )
    elif min(rows // spec.bands, frames) < least:
        faults.append(
            f"filters has {len(spec.filters)} entries, and a band of {rows // spec.bands} rows and "
            f"{frames} frames cannot be halved so often; expected at least {least} rows and "
            f"{least} frames: fewer bands, fewer filters or a larger image"
        )
    if faults:
        raise ConfigError("model band_attention", faults)
