"""Holds, in threads that never end, the locks of imports, of logging and of its own output."""

# earns: double 0, Counter 2, twice 3
# limits: call_seconds=2

# %%
import _imp
import logging
import sys
import threading

ready = threading.Event()


def hold():
    logging._lock.acquire()
    _imp.acquire_lock()
    ready.set()
    threading.Event().wait()


threading.Thread(target=hold, daemon=True).start()
ready.wait()


def double(x):
    import colorsys

    return x
