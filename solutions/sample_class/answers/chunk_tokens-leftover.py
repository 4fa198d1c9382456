def chunk_tokens(tokens, size, overlap):
    if overlap >= size or overlap < 0:
        raise ValueError("bad overlap")
    step = size - overlap
    chunks = []
    for i in range(0, len(tokens), step):
        chunks.append(tokens[i:i + size])
    return chunks
