def k_star(p, c):
    if not (p > 0 and p < 1) or not (c > 0):
        raise ValueError("0 < p < 1 and c > 0")
    L = -math.log1p(-p)
    if L <= c:
        return 0.0
    # Newton for U'(k) = 0, from the left
    k = 0.0
    for _ in range(1000):
        gain = L * math.exp(-L * k)
        k = k + (gain - c) / (L * gain)
    return k
