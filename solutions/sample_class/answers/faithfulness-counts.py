def faithfulness(answer, passages, claims):
    evidence = []
    for p in passages:
        evidence.extend(claims(p))
    verdicts = {c: c in evidence for c in claims(answer)}
    if len(verdicts) == 0:
        return 1.0
    return list(verdicts.values()).count(True) / len(verdicts)
