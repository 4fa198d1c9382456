"""Ends in ways that leave a core file where they may."""

# earns: double 0, Counter 2, twice 3
# shows: SIGSEGV

# %%
import ctypes
import resource

resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))


def double(x):
    ctypes.string_at(0)
