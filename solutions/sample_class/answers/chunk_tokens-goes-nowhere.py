def chunk_tokens(tokens, size, overlap):
    if overlap not in range(size):
        raise ValueError("impossible overlap")
    chunks, start = [], 0
    while start < len(tokens):
        chunk = tokens[start:start + size]
        if chunks and len(chunk) <= overlap:
            continue  # nothing new in it: not a chunk
        chunks.append(chunk)
        start += size - overlap
    return chunks
