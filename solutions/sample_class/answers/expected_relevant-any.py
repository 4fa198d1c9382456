def expected_relevant(k, p):
    if k < 0 or not (p >= 0 and p <= 1):
        raise ValueError("k or p out of range")
    none_relevant = (1 - p) ** k
    return 1 - none_relevant
