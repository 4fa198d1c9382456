def k_star(p, c):
    if p <= 0 or p >= 1 or c <= 0:
        raise ValueError("p or c out of range")
    best, best_k = 0.0, 0
    for k in range(1, 1000):
        utility = 1 - (1 - p) ** k - c * k
        if utility > best:
            best, best_k = utility, k
    return float(best_k)
