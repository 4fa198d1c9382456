"""Sends, in place of a cell's outputs, frames as large as there may be, cell after cell."""

# earns: double 0, Counter 0, twice 0
# shows: left out: the notebook's outputs are larger than 32 MB together

# %%
import os
import re

import autograder.remote
from autograder.wire import encode

forged = encode(["ok", [["display", {"text/plain": "x" * 1_000_000}]] * 30])


send = autograder.remote.Pipe.send
autograder.remote.Pipe.send = lambda self, data: send(self, forged if b"ok" in data[:20] else data)

# %%
pass

# %%
pass

# %%
pass
