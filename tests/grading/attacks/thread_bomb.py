"""Starts threads without end, and keeps them."""

# earns: double 4, Counter 2, twice 3
# limits: processes=24
# shows: can't start new thread

# %%
import threading

hold = threading.Event()
count = 0
try:
    while True:
        threading.Thread(target=hold.wait, daemon=True).start()
        count += 1
except RuntimeError as error:
    print(error)
