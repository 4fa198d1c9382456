"""Leaves daemons that are nobody's children, in sessions of their own, deaf to signals."""

# earns: double 4, Counter 2, twice 3
# shows: left

# %%
import os
import signal
import time

for _ in range(8):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            time.sleep(10_000)
        os._exit(0)
print("left")
