"""Sets handlers, timers and alarms that raise in the middle of the server's work."""

# earns: double 4, Counter 2, twice 3

# %%
import signal


def raise_it(*_):
    raise SystemExit("passed")


signal.signal(signal.SIGALRM, raise_it)
signal.signal(signal.SIGINT, raise_it)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
