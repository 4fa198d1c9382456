"""Two rows of logits of pocket-lm, over its whole vocabulary: one peaked, one flat.

`python -m widgets.data.temperature` writes `temperature.json` in some seconds; nothing in it is random.
"""

from __future__ import annotations

from typing import Any

from widgets.data import write

PROMPTS = {"peaked": "The Sorsha Tower", "flat": "The Sorsha Tower stands in"}
#: Parts of 1 to which a logit is rounded: a 128th of a logit is a 128th of a probability, and float32 holds it exactly.
GRID = 64


def rows() -> dict[str, Any]:
    """Return for each prompt the caption, and all tokens and their logits."""
    import pocket

    lm = pocket.load("pocket-lm")
    names = lm.tokenizer.convert_ids_to_tokens(list(range(lm.model.config.vocab_size)))
    tokens = [lm.decode([token]) or name for token, name in enumerate(names)]  # a special token's text is empty
    made: dict[str, Any] = {"tokens": tokens}
    for name, prompt in PROMPTS.items():
        logits = lm.next_logits(lm.encode(prompt)).tolist()
        made[name] = {"caption": f"“{prompt} …”", "logits": [round(logit * GRID) / GRID for logit in logits]}
    return made


if __name__ == "__main__":
    write("temperature", rows())
