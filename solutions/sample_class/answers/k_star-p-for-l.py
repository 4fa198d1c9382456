def k_star(p, c):
    if not 0 < p < 1 or c <= 0:
        raise ValueError("p, c")
    # (1 - p)^k is about exp(-p k)
    if c >= p:
        return 0.0
    return math.log(p / c) / p
