"""Takes all memory, in one piece and in many."""

# earns: double 4, Counter 2, twice 3
# limits: memory_bytes=200_000_000
# shows: MemoryError|MB of memory|GB of memory

# %%
try:
    bytearray(2**60)
except MemoryError:
    print("refused")

# %%
kept = []
while True:
    kept.append(bytes(1_000_000))
