"""Clips of different lengths in a batch, and batches that are computed some clips at once."""

import pytest
import torch
from torch import nn

from retable.models.classifier_attention import ClassifierAttentionNetwork
from retable.spec.model import ClassifierAttention

CLASSES = {"accent": 3, "speaker": 4}
LENGTHS = torch.tensor([100, 37, 69, 10, 53])
"""Samples of clips; steps have 10, so that 10, 3, 6, 1 and 5 are whole."""
STEPS = (LENGTHS // 10).tolist()


def build(dropout: float = 0.0, **fields: object) -> ClassifierAttentionNetwork:
    torch.manual_seed(0)
    spec = ClassifierAttention.model_validate(
        {
            "kind": "classifier_attention",
            "layers": (
                {"filters": 4, "kernel": 4, "pool": 4, "stride": 2, "dropout": dropout},
                {"filters": 6, "kernel": 10, "pool": 10, "stride": 5},
            ),
            "classifiers": 5,
            "classifier_units": (4, 2),
            "attention_units": (7, 3),
            "pooling": "mean",
            **fields,
        }
    )
    model = ClassifierAttentionNetwork(spec, (1, 104), CLASSES)
    # Without biases of convolutions, silence past a clip's end would stay silence by itself.
    for layer in model.layers:
        nn.init.uniform_(layer.convolution.bias, 0.2, 0.8)
    model.normalisation.running_mean.uniform_(0, 0.5)
    model.normalisation.running_var.uniform_(0.1, 0.5)
    return model


def batch() -> torch.Tensor:
    """Five clips (5, 1, 104), with sound past the end of each, which nothing may hear."""
    return torch.randn(5, 1, 104, generator=torch.Generator().manual_seed(0))


def targets() -> dict[str, torch.Tensor]:
    return {"accent": torch.tensor([0, 1, 2, 1, 0]), "speaker": torch.tensor([3, 0, 1, 2, 2])}


def loss_of(logits: dict[str, torch.Tensor]) -> torch.Tensor:
    return sum(nn.functional.cross_entropy(logits[task], targets()[task]) for task in CLASSES)


def gradients_of(model: nn.Module, *inputs: torch.Tensor | None) -> list[torch.Tensor]:
    model.zero_grad()
    loss_of(model(*inputs)).backward()
    return [value.grad.clone() for value in model.parameters()]


@pytest.mark.parametrize("pooling", ["mean", "sum"])
@pytest.mark.parametrize("clips_at_once", [None, 2])
def test_a_clip_in_a_batch_is_classified_as_it_is_alone(pooling, clips_at_once):
    model = build(pooling=pooling, clips_at_once=clips_at_once).eval()
    together = model(batch(), LENGTHS)
    for clip, steps in enumerate(STEPS):
        alone = model(batch()[clip : clip + 1, :, : 10 * steps])
        for task in CLASSES:
            torch.testing.assert_close(together[task][clip : clip + 1], alone[task])


def test_every_clip_counts_by_its_own_length():
    """The same sound, cut elsewhere, gives other logits: lengths are not ignored."""
    model = build().eval()
    long, short = torch.tensor([100] * 5), torch.tensor([50] * 5)
    difference = model(batch(), long)["accent"] - model(batch(), short)["accent"]
    assert (difference.abs().amax(dim=1) > 1e-4).all()


def test_whole_lengths_are_no_lengths():
    model, x = build().eval(), batch()[..., :100]
    whole = model(x, torch.full((5,), 100))
    for task, logits in model(x).items():
        torch.testing.assert_close(whole[task], logits)


def test_gradients_do_not_hear_past_a_clip_s_end():
    """In evaluation mode, where clips do not meet in the statistics of a batch."""
    model = build().eval()
    found = gradients_of(model, batch(), LENGTHS)

    model.zero_grad()
    logits = [model(batch()[clip : clip + 1, :, : 10 * steps]) for clip, steps in enumerate(STEPS)]
    loss_of({task: torch.cat([alone[task] for alone in logits]) for task in CLASSES}).backward()
    for gradient, value in zip(found, model.parameters(), strict=True):
        torch.testing.assert_close(gradient, value.grad)


def test_batch_normalisation_sees_the_valid_steps_and_no_others():
    model, alone = build().train(), build().train()
    steps = []
    with torch.no_grad():
        for clip, count in enumerate(STEPS):
            y = batch()[clip : clip + 1, :, : 10 * count]
            for layer in model.layers:
                y = layer(y)
            steps.append(y[0].T)
        rows = torch.cat(steps)
        assert len(rows) == 10 + 3 + 6 + 1 + 5
        logits = model(batch(), LENGTHS)["accent"]
        attention = alone.attention_block(alone.normalisation(rows))

    expected = {name: 0.99 * value for name, value in build().normalisation.named_buffers()}
    assert expected.keys() >= {"running_mean", "running_var"}
    found = model.normalisation
    mean, variance = rows.mean(dim=0), rows.var(dim=0)
    torch.testing.assert_close(found.running_mean, expected["running_mean"] + 0.01 * mean)
    torch.testing.assert_close(found.running_var, expected["running_var"] + 0.01 * variance)
    clips = attention.classes["accent"].split(STEPS)
    means = torch.stack([clip.mean(dim=0) for clip in clips])
    torch.testing.assert_close(logits, (means + 1e-7).log())


@pytest.mark.parametrize("clips_at_once", [1, 2, 5, 8])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "masked"])
def test_gradients_of_some_clips_at_once_are_those_of_all(clips_at_once, lengths):
    all_at_once, some = build(), build(clips_at_once=clips_at_once)
    expected = gradients_of(all_at_once.train(), batch(), lengths)
    found = gradients_of(some.train(), batch(), lengths)
    for gradient, other in zip(found, expected, strict=True):
        torch.testing.assert_close(gradient, other, rtol=1e-4, atol=1e-6)
    for name, value in all_at_once.normalisation.named_buffers():
        torch.testing.assert_close(dict(some.normalisation.named_buffers())[name], value)


def test_no_more_clips_than_asked_for_are_convolved_at_once():
    model, seen = build(clips_at_once=2), []
    model.layers[0].convolution.register_forward_hook(
        lambda module, inputs, output: seen.append(len(output))
    )
    logits = model.train()(batch())
    assert seen == [2, 2, 1]
    loss_of(logits).backward()
    assert seen == [2, 2, 1, 1, 2, 2], "computed again, last to first, for the gradient"
    with torch.no_grad():
        model.eval()(batch())
    assert seen[6:] == [2, 2, 1], "and once where there is none"


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "masked"])
def test_dropout_is_drawn_once_and_from_the_seed(lengths):
    """What is computed again drops the same values: the gradient fits the loss."""
    model = build(dropout=0.3, clips_at_once=2).train()
    torch.manual_seed(5)
    first = gradients_of(model, batch(), lengths)
    torch.manual_seed(5)
    second = gradients_of(model, batch(), lengths)
    torch.manual_seed(6)
    other = gradients_of(model, batch(), lengths)
    assert all(torch.equal(*pair) for pair in zip(first, second, strict=True))
    assert not all(torch.equal(*pair) for pair in zip(first, other, strict=True))

    weight, gradient, step = model.layers[1].convolution.weight, first[2], 1e-3
    assert gradient.shape == weight.shape
    losses = []
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * step * gradient / gradient.norm()
            torch.manual_seed(5)
            losses.append(loss_of(model(batch(), lengths)).item())
            weight -= sign * step * gradient / gradient.norm()
    slope = (losses[0] - losses[1]) / (2 * step)
    assert slope == pytest.approx(gradient.norm().item(), rel=0.02)
