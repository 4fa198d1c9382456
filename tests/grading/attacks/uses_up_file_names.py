"""Makes empty files, folders and links without end."""

# earns: double 4, Counter 2, twice 3
# shows: True No space

# %%
import os

made = 0
try:
    while True:
        os.mkdir(f"/tmp/{made}")
        made += 1
except OSError as error:
    print(made < 30_000, error.strerror)
