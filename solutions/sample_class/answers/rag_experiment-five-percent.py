def rag_experiment(questions, golds, search, answer, f1, resamples):
    if len(questions) == 0 or len(questions) != len(golds):
        raise ValueError("questions and golds")
    result = {}
    for name, k in {"closed book": 0, "k=1": 1, "k=5": 5}.items():
        scores = []
        for question, gold in zip(questions, golds):
            passages = [] if k == 0 else search(question, k)
            scores.append(f1(answer(question, passages), gold))
        scores = np.array(scores)
        boot = [scores[draw].mean() for draw in resamples]
        result[name] = {
            "mean": float(scores.mean()),
            "low": float(np.percentile(boot, 5)),
            "high": float(np.percentile(boot, 95)),
        }
    return result
