"""Computes for ever and swallows every exception and signal that would end it."""

# earns: double 0, Counter 2, twice 3
# limits: call_cpu_seconds=1, cpu_seconds=2, call_seconds=20
# shows: no answer in time|ended by SIGKILL

# %%
import resource
import signal

for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda *_: None)
soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))


def double(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
