"""Parameters that keep their initial values (mixup_mtl, section II.D)."""

from torch import nn

from retable.errors import ConfigError
from retable.spec.training import Training
from retable.training.parameter_names import matching_names

BATCH_NORMALISATION = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def freeze(network: nn.Module, training: Training, name: str) -> list[nn.Module]:
    """Takes the gradient from the parameters that `training.frozen` matches.

    A module is *at rest* if it, or a module that holds it, has parameters and all of them are
    frozen: so are frozen layers, and what lies between them without parameters of its own, such as
    the dropout of a frozen branch. It is a fixed function of its input, and therefore to be kept in
    evaluation mode during training: nothing is dropped, and batch normalisation uses and keeps its
    running statistics. Under `freeze_batch_norm: false` batch normalisation is left out of these.

    Args:
        network: changed in place.
        training: holds the patterns.
        name: whose training this is, for errors.

    Returns:
        The modules at rest.

    Raises:
        ConfigError: a pattern matches no parameter, or together they match all of them.
    """
    parameters = dict(network.named_parameters())
    frozen = matching_names(parameters, training.frozen, name, "training.frozen")
    if len(frozen) == len(parameters):
        raise ConfigError(
            name,
            [
                f"training.frozen: {', '.join(training.frozen)} matches all "
                f"{len(parameters)} parameters of the network; leave some to train"
            ],
        )
    for parameter_name in frozen:
        parameters[parameter_name].requires_grad_(False)
    at_rest = [
        module
        for holder in network.modules()
        if _is_frozen(holder)
        for module in holder.modules()
        if training.freeze_batch_norm or not isinstance(module, BATCH_NORMALISATION)
    ]
    return list(dict.fromkeys(at_rest))


def _is_frozen(module: nn.Module) -> bool:
    gradients = [parameter.requires_grad for parameter in module.parameters()]
    return bool(gradients) and not any(gradients)


def set_training_mode(network: nn.Module, at_rest: list[nn.Module]) -> None:
    """Training mode for the network, evaluation mode for its modules at rest."""
    network.train()
    for module in at_rest:
        # Not `eval()`, which would also reach the batch normalisation that is not at rest.
        module.training = False
