"""Opens files until no descriptor is left, and closes those of the line's neighbours."""

# earns: double 4, Counter 2, twice 3
# shows: True Too many open files\nnot allowed to raise

# %%
import os
import resource

held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(len(held) < 300, error.strerror)
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (100_000, 100_000))
except (OSError, ValueError) as error:
    print(error)
