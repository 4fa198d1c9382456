def chunk_tokens(tokens, size, overlap):
    assert 0 <= overlap < size
    result = []
    start = 0
    while start + size <= len(tokens):
        result.append(tokens[start:start + size])
        start = start + size - overlap
    return result
