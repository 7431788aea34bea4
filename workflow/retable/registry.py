"""Names that specs use, and the code behind them, imported only when asked for.

The values are text, so that a job depends on the modules that its spec names and on no other.
"""

from importlib import import_module
from typing import Any

from retable.errors import ConfigError


class Registry(dict[str, str]):
    """Name as a spec writes it -> `"module"` or `"module:attribute"`."""

    def __init__(self, title: str, entries: dict[str, str]):
        """Take what messages call the registry, and its entries."""
        super().__init__(entries)
        self.title = title


FEATURES = Registry(
    "FEATURES",
    {
        "normalised_spectrogram": (
            "retable.features.normalised_spectrogram:NormalisedSpectrogramExtractor"
        ),
        "spectrogram": "retable.features.spectrogram:SpectrogramExtractor",
        "spectrogram_channels": (
            "retable.features.spectrogram_channels:SpectrogramChannelsExtractor"
        ),
        "logmel_statistics": "retable.features.logmel_statistics:LogMelStatisticsExtractor",
        "logmel_patches": "retable.features.logmel_patches:LogMelPatchesExtractor",
        "spectrogram_image": "retable.features.spectrogram_image:SpectrogramImageExtractor",
        "waveform": "retable.features.waveform:WaveformExtractor",
    },
)
"""Feature kind -> extractor, built from its spec."""

MODELS = Registry(
    "MODELS",
    {
        "band_attention": "retable.models.band_attention:BandAttentionNetwork",
        "branched_vgg": "retable.models.branched_vgg:BranchedVGGNetwork",
        "classifier_attention": "retable.models.classifier_attention:ClassifierAttentionNetwork",
        "gresnet": "retable.models.gresnet:GatedResidualNetwork",
        "torchvision": "retable.models.torchvision_networks:TorchvisionNetwork",
        "vggvox": "retable.models.vggvox:VGGVoxNetwork",
    },
)
"""Network kind -> module, built from its spec, the input shape and the classes of each task."""

BASELINES = Registry("BASELINES", {"svm": "retable.baselines.svm:SupportVectorMachines"})
"""Baseline kind -> classifier, built from its spec and a seed."""

FIGURES = Registry(
    "FIGURES",
    {
        "accuracy_by_fused": "retable.figures.fused:draw_accuracy_by_fused",
        "attention": "retable.figures.attention:draw_attention",
        "confusion_matrix": "retable.figures.confusion:draw_confusion_matrix",
        "learning_curves": "retable.figures.curves:draw_learning_curves",
        "metric_by_parameter": "retable.figures.parameter:draw_metric_by_parameter",
        "metric_by_run": "retable.figures.runs:draw_metric_by_run",
        "mixed_patches": "retable.figures.patches:draw_mixed_patches",
        "roc": "retable.figures.roc:draw_roc",
        "spectrograms": "retable.figures.spectrograms:draw_spectrograms",
    },
)
"""Figure kind -> function that draws it."""

CORPORA = Registry(
    "CORPORA",
    {
        "crema_d": "retable.corpora.crema_d",
        "esc50": "retable.corpora.esc50",
        "ravdess": "retable.corpora.ravdess",
        "savee": "retable.corpora.savee",
        "tess": "retable.corpora.tess",
        "tut2017": "retable.corpora.tut2017",
        "utpodcast": "retable.corpora.utpodcast",
        "vctk": "retable.corpora.vctk",
    },
)
"""Corpus -> its module: `METADATA`, the files that it reads, and `clip_descriptions`."""

TWINS = Registry(
    "TWINS",
    {
        "crema_d": "retable.corpora.crema_d_twin",
        "esc50": "retable.corpora.esc50_twin",
        "ravdess": "retable.corpora.ravdess_twin",
        "savee": "retable.corpora.savee_twin",
        "tess": "retable.corpora.tess_twin",
        "tut2017": "retable.corpora.tut2017_twin",
        "utpodcast": "retable.corpora.utpodcast_twin",
        "vctk": "retable.corpora.vctk_twin",
    },
)
"""Corpus -> module of its simulated twin: `simulate_archive` and `simulated_clips`."""


def load(registry: Registry, name: str) -> Any:
    """The module, or the attribute of a module, that `registry` holds under `name`.

    Raises:
        ConfigError: the name is not registered; see `module_of`.
    """
    loaded = import_module(module_of(registry, name))
    attribute = registry[name].partition(":")[2]
    return getattr(loaded, attribute) if attribute else loaded


def module_of(registry: Registry, name: str) -> str:
    """The module that `registry` holds under `name`, or the one whose attribute it holds.

    Raises:
        ConfigError: the name is not registered; the message lists those that are.
    """
    if name not in registry:
        fault = (
            f"{registry.title} has no {name!r}; add the module behind it there, or choose one of: "
            f"{', '.join(sorted(registry))}"
        )
        raise ConfigError("workflow/retable/registry.py", [fault])
    return registry[name].partition(":")[0]
