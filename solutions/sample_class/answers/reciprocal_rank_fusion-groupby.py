from itertools import groupby


def reciprocal_rank_fusion(rankings, k=60.0):
    votes = []
    for one in rankings:
        if sorted(set(one)) != sorted(one):
            raise ValueError("some document is in a ranking two times")
        votes += [(name, 1 / (k + place)) for place, name in zip(range(1, len(one) + 1), one)]
    votes.sort()
    result = []
    for name, group in groupby(votes, key=lambda vote: vote[0]):
        result.append((name, sum(value for _, value in group)))
    # result is in alphabetical order and sort() is stable
    result.sort(key=lambda entry: entry[1], reverse=True)
    return result
