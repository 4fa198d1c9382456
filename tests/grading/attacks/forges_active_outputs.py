"""Sends outputs that its own side of the line would have cut: scripts in every field of every kind of output."""

# earns: double 0, Counter 0, twice 0
# shows: <script>document.title='taken over'</script>

# %%
import autograder.remote
from autograder.wire import encode

act = "<script>document.title='taken over'</script><img src=x onerror=\"document.title='taken over'\">"
kinds = (
    "text/html",
    "text/markdown",
    "text/latex",
    "text/plain",
    "image/svg+xml",
    "image/png",
    "application/javascript",
)
kinds += ("application/vnd.nexttoken.record+json", "application/vnd.jupyter.widget-view+json", act)
outputs = [
    ["stream", "stdout", act],
    ["stream", f'stdout" onmouseover="{act}', act],
    ["display", {kind: f'">{act}' for kind in kinds}],
    ["display", {"text/html": [act], "text/plain": {"html": act}, "image/png": b"<svg onload=1>"}],
    ["error", act, act, [act, f"\x1b[31m{act}\x1b[0m", 7]],
    ["html", act],
    act,
]
send = autograder.remote.Pipe.send
autograder.remote.Pipe.send = lambda self, data: send(self, encode(["ok", outputs]))


def double(x):
    return act


# %%
pass
