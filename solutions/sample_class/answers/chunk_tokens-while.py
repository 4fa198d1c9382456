def chunk_tokens(tokens, size, overlap):
    if overlap < 0 or size <= overlap:
        raise ValueError("overlap has to lie between 0 and size - 1")
    out, here = [], 0
    # the chunk before this one ended at here + overlap
    while here < len(tokens) and (not out or here + overlap < len(tokens)):
        out.append(tokens[here:here + size])
        here += size - overlap
    return out
