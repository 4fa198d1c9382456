"""Texts that came from a student's process, made fit for files and pages."""


def printable(text: str) -> str:
    """Write half characters (lone surrogates), which no UTF-8 file can hold, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
