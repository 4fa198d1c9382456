"""Prints, displays and raises more than anybody can read."""

# earns: double 4, Counter 2, twice 3
# shows: flood[\s\S]*end

# %%
from IPython.display import display

print("flood " * 1_000_000)
for _ in range(3000):
    display({"text/plain": "flood " * 1000}, raw=True)

# %%
raise ValueError("flood" * 1_000_000)

# %%
import sys

sys.stderr.write("flood" * 1_000_000)
print("end")
