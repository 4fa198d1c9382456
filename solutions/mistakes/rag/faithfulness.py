"""Faithfulness: mistakes, and other right ways."""

from solutions.mistakes import Variants
from solutions.rag import faithfulness

variants = Variants("faithfulness")
mistake, alternative = variants.mistake, variants.alternative


@mistake("You divided by what the passages claim. Faithfulness asks about the claims of the answer.")
def divides_by_the_passages(answer, passages, claims):
    said = set(claims(answer))
    known = {claim for passage in passages for claim in claims(passage)}
    return len(said & known) / len(known) if said and known else float(not said)


@mistake("You looked for the answer's sentences in the passages. The same claim can stand there in other words.")
def looks_for_sentences(answer, passages, claims):
    said = {}
    for sentence in answer.replace(". ", ".|").split("|"):
        for claim in claims(sentence):
            said.setdefault(claim, set()).add(sentence)
    found = sum(any(sentence in passage for passage in passages for sentence in said[claim]) for claim in said)
    return found / len(said) if said else 1.0


@mistake("Yours is all or nothing. It is a share: half of the claims supported is 0.5.")
def asks_for_all(answer, passages, claims):
    return float(faithfulness(answer, passages, claims) == 1)


@mistake("You counted a repeated claim each time. The answer's different claims are counted.")
def counts_repetitions(answer, passages, claims):
    said = claims(answer)
    known = {claim for passage in passages for claim in claims(passage)}
    return sum(claim in known for claim in said) / len(said) if said else 1.0


@mistake("You read one passage only. A claim may rest on any of them.")
def reads_the_first_passage(answer, passages, claims):
    return faithfulness(answer, passages[:1], claims)


@mistake("You accepted a claim when entity and relation were right. The value has to be the same as well.")
def ignores_the_value(answer, passages, claims):
    said = set(claims(answer))
    known = {claim[:2] for passage in passages for claim in claims(passage)}
    return sum(claim[:2] in known for claim in said) / len(said) if said else 1.0


@mistake("You accepted a claim when its value stood somewhere. It has to be said of the same entity.")
def looks_for_the_value(answer, passages, claims):
    said = set(claims(answer))
    known = {claim[1:] for passage in passages for claim in claims(passage)}
    return sum(claim[1:] in known for claim in said) / len(said) if said else 1.0


@mistake("An answer that claims nothing made your code fail or got 0. Nothing in it is unsupported.")
def gives_nothing_to_silence(answer, passages, claims):
    return faithfulness(answer, passages, claims) if claims(answer) else 0.0


@alternative
def with_a_loop(answer, passages, claims):
    shown = [claims(passage) for passage in passages]
    said, supported = [], 0
    for claim in claims(answer):
        if claim in said:
            continue
        said.append(claim)
        supported += any(claim in passage for passage in shown)
    return supported / len(said) if len(said) > 0 else 1.0


@alternative
def by_what_is_missing(answer, passages, claims):
    said = frozenset(claims(answer))
    missing = set(said)
    for passage in passages:
        missing.difference_update(claims(passage))
    return 1.0 - len(missing) / max(1, len(said))
