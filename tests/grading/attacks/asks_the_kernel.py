"""Makes the calls that widen an enclosure, also with the numbers of other architectures' tables."""

# earns: double 4, Counter 2, twice 3
# shows: worked \[\]\nx32 True\nx32 True\nrights \['CapEff:\\t0000000000000000\\n', 'NoNewPrivs:\\t1\\n', 'Seccomp:\\t2\\n'\]

# %%
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "ptrace": 101,
    "process_vm_readv": 310,
    "kcmp": 312,
    "keyctl": 250,
    "add_key": 248,
    "bpf": 321,
    "perf_event_open": 298,
    "userfaultfd": 323,
    "io_uring_setup": 425,
    "open_by_handle_at": 304,
    "pidfd_getfd": 438,
    "init_module": 175,
    "kexec_load": 246,
    "reboot": 169,
    "swapon": 167,
    "settimeofday": 164,
    "sethostname": 170,
    "syslog": 103,
    "acct": 163,
    "pivot_root": 155,
    "fsopen": 430,
    "move_mount": 429,
    "setns": 308,
    "modify_ldt": 154,
    "quotactl": 179,
}
print("worked", [name for name, number in CALLS.items() if libc.syscall(number, 0, 0, 0, 0, 0, 0) != -1])
for number in (101 | 0x40000000, 521 | 0x40000000):  # x32
    child = os.fork()
    if child == 0:
        os._exit(0 if libc.syscall(number, 0, 0, 0, 0) == -1 else 9)
    print("x32", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 9)
for request in (1, 8, 22, 23, 38):
    libc.prctl(request, 0, 0, 0, 0)
print("rights", [line for line in open("/proc/self/status") if line.startswith(("CapEff", "NoNewPrivs", "Seccomp:"))])
for value in (0, 65534):
    for change in (os.setuid, os.setgid):
        try:
            change(value)
            print("became", value)
        except OSError:
            pass
