"""What pocket-lm and pocket-draft expect next after a few texts.

`python -m widgets.data.speculative_acceptance` writes `speculative_acceptance.json` in some seconds; nothing is random.
"""

from __future__ import annotations

from typing import Any

from widgets.data import write

_RIVERS = (("Vorlen", "Salbek"), ("Keldan", "Onmar"), ("Tresk", "Ulven"), ("Marwick", "Dornel"))
_PASSAGES = "".join(f"[{place}] {town} lies on the River {river}.\n" for place, (town, river) in enumerate(_RIVERS, 1))
#: The end of each text is its caption; the order is from the most telling to the most extreme.
TEXTS = {
    "“Vorlen lies on the River Salbek. The …”": "Vorlen lies on the River Salbek. The",
    "“The Vorlen Tower …”": "The Vorlen Tower",
    "“… Which river flows through Vorlen? Answer: the River …”": (
        f"Context:\n{_PASSAGES}Question: Which river flows through Vorlen?\nAnswer: the River"
    ),
    "“Every year the town of Keldan …”": "Every year the town of Keldan",
}
LIKELIEST = 4
DIGITS = 6


def pairs() -> dict[str, Any]:
    """Return for each text the tokens that are likeliest to the two models together, and the rest in two rows.

    The rest is parted by which model likes a token more. So the overlap of the two distributions, and with it the
    acceptance, is that over the whole vocabulary. `cost` is the draft's parameters over the target's: what a pass of it
    costs where a pass takes the time of reading the weights.
    """
    import torch

    import pocket

    large, small = pocket.load("pocket-lm"), pocket.load("pocket-draft")
    sizes = [sum(each.numel() for each in lm.model.parameters()) for lm in (large, small)]
    found = []
    for caption, text in TEXTS.items():
        p, q = (torch.softmax(lm.next_logits(lm.encode(text)).double(), -1) for lm in (large, small))  # (V,) each
        best = (p + q).topk(LIKELIEST).indices
        rest = torch.ones_like(p, dtype=torch.bool)
        rest[best] = False
        parts = [rest & (p >= q), rest & (p < q)]
        target, draft = (
            _rounded([*each[best].tolist(), *(float(each[part].sum()) for part in parts)]) for each in (p, q)
        )
        tokens = [
            *(large.decode([token]) for token in best.tolist()),
            "rest,\u00a0p\u00a0≥\u00a0q",
            "rest,\u00a0p\u00a0<\u00a0q",
        ]
        found.append({"target": target, "draft": draft, "tokens": tokens, "caption": caption})
    return {"cost": round(sizes[1] / sizes[0], 2), "pairs": found}


def _rounded(shares: list[float]) -> list[float]:
    """Return the shares with a few digits; what the rounding took goes to the largest, so that they sum to 1."""
    short = [round(share, DIGITS) for share in shares]
    largest = short.index(max(short))
    short[largest] = round(short[largest] + 1 - sum(short), DIGITS)
    return short


if __name__ == "__main__":
    write("speculative_acceptance", pairs())
