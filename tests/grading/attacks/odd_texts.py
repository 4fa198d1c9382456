"""Answers with half characters, control characters, terminal codes and markup, also as keys and in errors."""

# earns: double 0, Counter 0, twice 0
# shows: came back

# %%
import itertools

odd = "\ud800\x00\x1b]0;taken over\x07\x1b[2J\r\b</code><script>document.title='taken over'</script>\u202e"
answers = itertools.cycle([odd, {odd: odd}, [odd], odd.encode("utf-8", "replace"), (odd,)])


def double(x):
    return next(answers)


class Counter:
    def __init__(self, start):
        raise type(odd.replace("\x00", ""), (Exception,), {})(odd)


def twice(f, x):
    f(odd, **{odd: odd})
