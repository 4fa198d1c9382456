"""Loops for ever in a cell and swallows KeyboardInterrupt."""

# earns: double 4, Counter 2, twice 3
# limits: cell_cpu_seconds=1
# shows: processor time

# %%
while True:
    try:
        while True:
            pass
    except KeyboardInterrupt:
        pass
