def expected_relevant(k, p):
    if not (k >= 0):
        raise ValueError("k < 0")
    if not (0 <= p <= 1):
        raise ValueError("p is not a probability")
    expectation = 0.0
    for passage in range(k):
        expectation += 1 * p + 0 * (1 - p)
    return expectation
