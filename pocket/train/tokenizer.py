"""The tokenizer of the pocket language models: a byte-level BPE of 1,152 tokens in which every digit stands alone.

python -m pocket.train.tokenizer
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from pocket.train.loop import MODELS
from pocket.train.texts import END, MIX, draw, worlds
from pocket.world.names import NAME

VOCABULARY = 1152
CONTEXT = 1024
PAD, IMAGE = "<pad>", "<image>"
SAMPLE = 6000
CUT = "\0"
SEED = 0


def train(seed: int = SEED) -> PreTrainedTokenizerFast:
    """Learn the merges from a sample of the training texts.

    Digits stand alone, as in Llama, so that every number is copied digit by digit; bytes are the alphabet, so that no
    text is out of reach (Radford and others, 2019). The sample is cut between the syllables of a name, so that no merge
    crosses them: a name is two tokens, and its first syllable is the same token in every name.
    """
    rng = Random(f"tokenizer/{seed}")
    texts: list[str] = []
    while len(texts) < SAMPLE:
        world, *_ = worlds(rng)
        texts += ["".join(piece.text for piece in draw(rng, MIX, world)).replace(END, "") for _ in range(10)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END, PAD, IMAGE],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    cut = (part for text in texts for part in NAME.sub(rf"\1{CUT}\2", text).split(CUT))
    tokenizer.train_from_iterator(cut, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[IMAGE],
        model_max_length=CONTEXT,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def load(folder: Path = MODELS / "pocket-lm") -> PreTrainedTokenizerFast:
    """Return the committed tokenizer, or train it where there is none yet."""
    if not (folder / "tokenizer.json").is_file():
        train().save_pretrained(folder)
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
    for key in ("is_local", "local_files_only"):  # they say how it was loaded here, and would be saved with it
        tokenizer.init_kwargs.pop(key, None)
    return tokenizer


if __name__ == "__main__":
    train().save_pretrained(MODELS / "pocket-lm")
