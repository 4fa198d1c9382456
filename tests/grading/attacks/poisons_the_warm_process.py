"""Changes modules, the random state and the working folder, hoping that they are shared."""

# earns: double 4, Counter 2, twice 3

# %%
import builtins
import os
import random
import sys

import autograder.serve
import autograder.wire
import numpy as np

random.seed(0)
np.random.seed(0)
os.chdir("/")
os.environ["HOME"] = "/nowhere"
os.umask(0o777)
sys.path.clear()
builtins.print = lambda *_, **__: None
autograder.serve.Server.handle = None
autograder.wire.encode = autograder.wire.decode = None
