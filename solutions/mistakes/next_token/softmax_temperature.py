"""Softmax with a temperature: mistakes, and other right ways."""

import torch

from solutions.mistakes import Variants
from solutions.next_token import softmax_temperature

variants = Variants("softmax_temperature")
mistake, alternative = variants.mistake, variants.alternative


@mistake(
    "A larger T makes your distribution sharper; it should make it flatter. In the formula, T stands under the logits.",
)
def multiplies_by_temperature(logits, temperature):
    if temperature == 0:
        return softmax_temperature(logits, 0)
    return softmax_temperature(logits, 1 / temperature) if temperature > 0 else softmax_temperature(logits, temperature)


@mistake(
    "You divided the probabilities by T, after the softmax. The temperature acts on the logits, before it.",
)
def divides_probabilities(logits, temperature):
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    return torch.softmax(logits, dim=-1) / temperature


@mistake(
    "You normalised along the first dimension. The vocabulary is the last one, whatever comes before it.",
)
def normalises_first_dimension(logits, temperature):
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    return torch.softmax(logits / temperature, dim=0)


@mistake(
    "You normalised over the whole tensor at once. Each row is a distribution of its own and sums to 1 by itself.",
)
def normalises_everything(logits, temperature):
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    weights = ((logits - logits.max()) / temperature).exp()
    return weights / weights.sum()


@mistake(
    "Large logits overflow: exp() of a hundred is already infinite in float32. See the trap in the task.",
)
def overflows(logits, temperature):
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    weights = (logits / temperature).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


@mistake(
    "You shifted all rows by one common maximum. A row far below it loses all its weight: each row needs its own.",
)
def shifts_by_global_maximum(logits, temperature):
    if not temperature > 0:
        return softmax_temperature(logits, temperature)
    weights = ((logits - logits.max()) / temperature).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


@mistake(
    "At T = 0 your code divides by zero, and NaN comes out. Treat that temperature on its own, as the task defines it.",
)
def divides_by_zero(logits, temperature):
    if temperature < 0 or temperature != temperature:
        raise ValueError("temperature")
    return torch.softmax(logits / temperature, dim=-1)


@mistake(
    "At T = 0 you gave everything to one of several equally large logits. They share the probability equally.",
)
def first_winner_takes_all(logits, temperature):
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    return softmax_temperature(logits, temperature)


@mistake(
    "Your function changed the logits it was given. Operators such as `/=` and methods ending in `_` work in place.",
)
def works_in_place(logits, temperature):
    if not temperature > 0 or logits.requires_grad:
        return softmax_temperature(logits, temperature)
    logits /= temperature
    return torch.softmax(logits, dim=-1)


@mistake(
    "The gradient does not reach the logits. `.detach()`, `.item()`, `.numpy()` and `torch.tensor(...)` cut it off.",
)
def cuts_the_gradient(logits, temperature):
    return softmax_temperature(logits.detach(), temperature)


@mistake(
    "A negative or NaN temperature went through; the docstring names the error. Every comparison with NaN is false.",
)
def accepts_any_temperature(logits, temperature):
    if temperature == 0:
        return softmax_temperature(logits, 0)
    return torch.softmax(logits / temperature, dim=-1)


@mistake("NaN went through as a temperature: every comparison with NaN is false, `nan < 0` too.")
def lets_nan_through(logits, temperature):
    if temperature < 0:
        raise ValueError("temperature")
    if temperature == 0:
        return softmax_temperature(logits, 0)
    return torch.softmax(logits / temperature, dim=-1)


@alternative
def with_library_softmax(logits, temperature):
    if temperature != temperature or temperature < 0:
        raise ValueError("the temperature cannot be negative")
    if temperature == 0:
        top = logits.max(-1).values.unsqueeze(-1)
        return torch.where(logits == top, 1.0, 0.0).to(logits) / (logits == top).sum(-1, keepdim=True).to(logits)
    return torch.softmax((logits - logits.amax(-1, keepdim=True)) / temperature, -1)


@alternative
def with_logsumexp(logits, temperature):
    if not (temperature >= 0):
        raise ValueError
    if temperature == 0:
        infinity = torch.full_like(logits, float("-inf"))
        return torch.where(logits == logits.amax(-1, keepdim=True), torch.zeros_like(logits), infinity).softmax(-1)
    scaled = logits / temperature
    return (scaled - torch.logsumexp(scaled, dim=-1, keepdim=True)).exp()
