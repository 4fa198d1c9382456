def exact_match(prediction, golds):
    if len(golds) == 0:
        raise ValueError("no golds")

    def clean(s):
        s = re.sub(r"\b(the|an|a)\b", " ", s.lower())
        s = s.translate(str.maketrans("", "", string.punctuation))
        return " ".join(s.split())

    return any(clean(prediction) == clean(g) for g in golds)
