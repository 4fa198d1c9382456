"""Leaves finalizers, exit hooks and fork hooks that act when the process is over."""

# earns: double 4, Counter 2, twice 3
# shows: set

# %%
import atexit
import os
import threading
import weakref


class Undead:
    def __del__(self):
        os.fork()
        while True:
            pass


undead = Undead()
atexit.register(os.fork)
os.register_at_fork(after_in_child=lambda: os.setsid())
weakref.finalize(undead, os.fork)
threading._register_atexit(lambda: undead.__del__())
print("set")
