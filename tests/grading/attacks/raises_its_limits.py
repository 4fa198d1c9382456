"""Raises every limit, its own and init's, and takes away init's."""

# earns: double 4, Counter 2, twice 3
# shows: raised \[\]|ended the process

# %%
import os
import resource

raised = []
for kind in ("CPU", "AS", "NPROC", "FSIZE", "NOFILE", "CORE"):
    number = getattr(resource, f"RLIMIT_{kind}")
    for most in (resource.RLIM_INFINITY, resource.getrlimit(number)[1] + 1):
        for process in (0, 1):
            try:
                resource.prlimit(process, number, (most, most))
                raised.append((kind, process))
            except (OSError, ValueError):
                pass
print("raised", [one for one in raised if one[1] == 0])
try:
    resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))
except OSError as error:
    print(error)
