"""Fills every folder that it can write, with one file and with many."""

# earns: double 4, Counter 2, twice 3
# limits: disk_bytes=5_000_000
# shows: student [0-9] No space[\s\S]*/dev/shm [0-9] No space[\s\S]*/dev 0 [\s\S]*/package 0 Read-only

# %%
import os

for place in (os.environ["HOME"], "/tmp", "/dev/shm", "/dev", "/", "/package"):
    written = 0
    try:
        for number in range(100):
            with open(f"{place}/nexttoken-attack-{number}", "wb", 0) as file:
                for _ in range(2):
                    written += file.write(bytes(1_000_000))
    except OSError as error:
        print(place, written // 1_000_000, error.strerror)
