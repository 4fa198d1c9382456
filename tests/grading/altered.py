"""The student's package with a line of its own changed, to see what happens without it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_CHANGED = ("autograder/enclosure.py", "autograder/nursery.py")


def altered(package: bytes, lines: Mapping[str, str]) -> bytes:
    """Return the package with other texts in place of some of its own, wherever they stand in what encloses students."""
    missing = set(lines)
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as given, zipfile.ZipFile(result, "w") as made:
        for name in given.namelist():
            data = given.read(name)
            if name in _CHANGED:
                text = data.decode()
                missing -= {old for old in lines if old in text}
                for old, new in lines.items():
                    text = text.replace(old, new)
                data = text.encode()
            made.writestr(name, data)
    assert not missing, f"the package has changed, and this test must follow: {missing}"
    return result.getvalue()
