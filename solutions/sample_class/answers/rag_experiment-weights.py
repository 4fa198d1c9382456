def rag_experiment(questions, golds, search, answer, f1, resamples):
    N = len(questions)
    if N == 0 or len(golds) != N:
        raise ValueError("no questions, or golds missing")
    depths = {"closed book": 0, "k=1": 1, "k=5": 5}
    scores = np.zeros((3, N))
    for c, k in enumerate(depths.values()):
        for i in range(N):
            found = [] if k == 0 else search(questions[i], k)
            scores[c, i] = f1(answer(questions[i], found), golds[i])
    # how often each question is in each draw; a mean of a draw is then a matrix product
    times = np.array([np.bincount(row, minlength=N) for row in resamples])
    means = scores @ times.T / N
    low = np.quantile(means, 0.025, axis=1)
    high = np.quantile(means, 0.975, axis=1)
    out = {}
    for c, name in enumerate(depths):
        out[name] = dict(mean=float(scores[c].mean()), low=float(low[c]), high=float(high[c]))
    return out
