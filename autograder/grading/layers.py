"""What holds a student's process in, layer by layer, each tried from inside as a student's code would try it.

`nexttoken doctor` shows the list, and grading does not begin where a layer fails. A layer is a piece of Python that
does what must not work and raises if it did; it runs as a cell of a process that no student ever sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.grading.process import InfrastructureError, Limits, Processes
from autograder.grading.session import Session
from autograder.proxy import LostError

_HELD = [["stream", "stdout", "held\n"]]


@dataclass(frozen=True)
class Layer:
    """One thing that a student's process must not be able to do."""

    name: str
    #: What it keeps students' code from, as a sentence's end.
    purpose: str
    source: str


@dataclass(frozen=True)
class Trial:
    """What came of trying a layer."""

    layer: Layer
    held: bool
    #: What happened instead, where it did not hold.
    found: str = ""


#: Shared by all trials: `refused(action, *errors)` raises unless the action does.
_PRELUDE = """
import ctypes, os, resource, socket, sys, threading
libc = ctypes.CDLL(None, use_errno=True)

def refused(action, *expected):
    try:
        action()
    except (expected or (OSError,)):
        return
    raise AssertionError("it worked")

def call(number_or_name, *arguments):
    ctypes.set_errno(0)
    if getattr(libc, number_or_name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def status(field):
    with open("/proc/self/status") as file:
        return next(line.split(":")[1].strip() for line in file if line.startswith(field + ":"))
"""

LAYERS = (
    Layer(
        "files",
        "seeing files of this machine",
        "assert not [p for p in ('/etc/passwd', '/etc/hostname', '/sys', '/var', '/run') if os.path.lexists(p)]\n"
        "import autograder\n"
        "parts = ('grading', 'trusted', 'hidden', 'release')\n"
        "assert not [p for p in parts for place in autograder.__path__ if os.path.lexists(os.path.join(place, p))]\n"
        "assert importlib.util.find_spec('solutions') is None",
    ),
    Layer(
        "writing",
        "changing what later students' code will import",
        "import autograder\n"
        "for place in ('/', '/usr', '/dev', os.path.dirname(os.__file__), *sys.path, *autograder.__path__):\n"
        "    if os.path.isdir(place):\n"
        "        refused(lambda: open(os.path.join(place, 'nexttoken-try'), 'w'))",
    ),
    Layer(
        "disk",
        "filling the disk",
        "for place in (os.environ['HOME'], '/tmp', '/dev/shm'):\n"
        "    pieces = [open(os.path.join(place, f'try{number}'), 'wb', 0) for number in range(3)]\n"
        "    most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]\n"
        "    refused(lambda: [os.posix_fallocate(piece.fileno(), 0, most) for piece in pieces])\n"
        "    for piece in pieces:\n"
        "        os.unlink(piece.name)\n"
        "        piece.close()",
    ),
    Layer(
        "network",
        "reaching the network",
        "with open('/proc/self/net/dev') as file:\n"
        "    assert [line.split(':')[0].strip() for line in file][2:] == ['lo']\n"
        "for address in (('192.0.2.1', 80), ('127.0.0.1', 9)):\n"
        "    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):\n"
        "        with socket.socket(socket.AF_INET, kind) as line:\n"
        "            line.settimeout(1)\n"
        "            refused(lambda: line.connect(address))",
    ),
    Layer(
        "processes",
        "seeing and ending the processes of others",
        "assert os.getppid() == 1, 'it is not in a namespace of its own'\n"
        "assert len([name for name in os.listdir('/proc') if name.isdigit()]) == 2, 'it sees others'",
    ),
    Layer(
        "memory of others",
        "reading the memory of other processes",
        "for name in ('mem', 'environ', 'maps'):\n    refused(lambda: os.open(f'/proc/1/{name}', os.O_RDONLY))",
    ),
    Layer(
        "inheritance",
        "finding open files and settings of the grader",
        "places = {os.readlink(f'/proc/self/fd/{name}') for name in os.listdir('/proc/self/fd') if int(name) < 1000\n"
        "          and os.path.lexists(f'/proc/self/fd/{name}')}\n"
        "assert len([p for p in places if not p.startswith(('/dev/null', '/proc/'))]) <= 2, sorted(places)\n"
        "assert not [n for n in os.environ if 'SECRET' in n or 'TOKEN' in n and n != 'NEXTTOKEN_HOME']",
    ),
    Layer(
        "privileges",
        "having the rights of an administrator",
        "assert os.getuid() != 0 and int(status('CapEff'), 16) == int(status('CapBnd'), 16) == 0\n"
        "assert status('NoNewPrivs') == '1'\n"
        "refused(lambda: os.setuid(0))",
    ),
    Layer(
        "namespaces",
        "making an enclosure of its own, where it would have more rights",
        "refused(lambda: call('unshare', 0x10000000))\nrefused(lambda: call('unshare', 0x00020000))",
    ),
    Layer(
        "system calls",
        "asking the kernel for what no exercise needs",
        "assert status('Seccomp') == '2'\n"
        "refused(lambda: call('ptrace', 0, 0, 0, 0))\n"
        "refused(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))\n"
        "refused(lambda: call('keyctl', 0, 0)) if hasattr(libc, 'keyctl') else None",
    ),
    Layer(
        "memory",
        "using up the memory",
        "import mmap\n"
        "most = resource.getrlimit(resource.RLIMIT_AS)[0]\n"
        "assert most != resource.RLIM_INFINITY\n"
        "refused(lambda: mmap.mmap(-1, most + 1), OSError, MemoryError)",
    ),
    Layer(
        "number of processes",
        "starting processes without end",
        "hold, held = threading.Event(), []\n"
        "def start():\n"
        "    for _ in range(1 + resource.getrlimit(resource.RLIMIT_NPROC)[0]):\n"
        "        thread = threading.Thread(target=hold.wait)\n"
        "        thread.start()\n"
        "        held.append(thread)\n"
        "assert resource.getrlimit(resource.RLIMIT_NPROC)[0] < 10_000\n"
        "try:\n"
        "    refused(start, RuntimeError)\n"
        "finally:\n"
        "    hold.set()\n"
        "    [thread.join() for thread in held]",
    ),
    Layer(
        "processor",
        "computing without end",
        "soft, hard = resource.getrlimit(resource.RLIMIT_CPU)\n"
        "assert 0 < soft <= hard < 3_600\n"
        "refused(lambda: resource.setrlimit(resource.RLIMIT_CPU, (hard + 1, hard + 1)), OSError, ValueError)",
    ),
)

#: Only where the kernel has it (Linux 5.13 and later, unless it was built without); it backs up several of the others.
LANDLOCK = Layer(
    "Landlock",
    "writing outside its folders, should another layer fail",
    "refused(lambda: open('/proc/self/comm', 'w'))",
)


def try_layers(processes: Processes, limits: Limits, layers: tuple[Layer, ...]) -> Iterator[Trial]:
    """Try each layer in one process of its own.

    Raises
    ------
    InfrastructureError
        If no process can be started.
    """
    with Session(processes.start(), limits) as session:
        session.run_cell(f"import importlib.util\n{_PRELUDE}")
        for layer in layers:
            try:
                said = session.run_cell(f"{layer.source}\nprint('held')")
            except LostError as error:
                yield Trial(layer, held=False, found=f"it could not be tried: {error}")
                return
            yield Trial(layer, said == _HELD, "" if said == _HELD else _reason(said))


def demand_layers(processes: Processes, limits: Limits, layers: tuple[Layer, ...]) -> None:
    """Raise unless all layers hold.

    Raises
    ------
    InfrastructureError
        If one does not; the message says which, and what it is there for.
    """
    for trial in try_layers(processes, limits, layers):
        if not trial.held:
            raise InfrastructureError(
                f"students' code would not be kept from {trial.layer.purpose} (layer {trial.layer.name!r}: "
                f"{trial.found}), so nothing is graded; `nexttoken doctor` shows every layer"
            )


def _reason(outputs: list[object]) -> str:
    for output in outputs:
        match output:
            case ["error", str(name), str(message), *_]:
                return f"{name}: {message}" if message else name
    return "it gave no answer"
