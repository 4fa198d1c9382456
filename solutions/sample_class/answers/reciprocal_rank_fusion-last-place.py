def reciprocal_rank_fusion(rankings, k=60.0):
    everything = sorted({d for r in rankings for d in r})
    for r in rankings:
        if len(r) > len({*r}):
            raise ValueError("the same name again")
    scores = {}
    for d in everything:
        scores[d] = 0
        for r in rankings:
            # not in the ranking: as if it stood right behind its end
            rank = r.index(d) + 1 if d in r else len(r) + 1
            scores[d] += 1 / (k + rank)
    return sorted(scores.items(), key=lambda kv: kv[1], reverse=True)
