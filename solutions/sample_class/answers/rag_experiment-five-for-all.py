def rag_experiment(questions, golds, search, answer, f1, resamples):
    if not questions or len(golds) != len(questions):
        raise ValueError("questions, golds")
    found = [search(q, 5) for q in questions]
    table = {}
    for name, k in (("closed book", 0), ("k=1", 1), ("k=5", 5)):
        s = np.array([f1(answer(q, d[:k]), g) for q, d, g in zip(questions, found, golds)])
        means = np.sort(s[resamples].mean(axis=1))
        n = len(means)
        table[name] = {
            "mean": float(s.mean()),
            "low": float(means[int(0.025 * n)]),
            "high": float(means[int(0.975 * n)]),
        }
    return table
