"""Raises exceptions whose names, bases, texts and tracebacks are forged."""

# earns: double 0, Counter 2, twice 3
# shows: your code raised Error


# %%
class Meta(type):
    __mro__ = property(lambda self: (ValueError, 1, None))
    __name__ = property(lambda self: 1 / 0)

    def mro(cls):
        return [cls, Exception, BaseException, object]


class Error(BaseException, metaclass=type("M", (type,), {"__name__": property(lambda self: "NotImplementedError")})):
    def __str__(self):
        raise SystemExit

    def __getattribute__(self, name):
        raise KeyboardInterrupt if name == "x" else AttributeError(name)


def double(x):
    raise Error
