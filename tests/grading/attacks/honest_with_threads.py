"""Is honest, and used every thread that numpy and Python have before it was asked."""

# earns: double 4, Counter 2, twice 3
# shows: computed

# %%
from concurrent.futures import ThreadPoolExecutor

import numpy as np

pool = ThreadPoolExecutor(8)
list(pool.map(lambda n: np.ones((n, n)) @ np.ones((n, n)), [200] * 16))
print("computed")
