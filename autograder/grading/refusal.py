"""Why a submission was not graded, in words for its author: what they can mend, and what they should do."""

from __future__ import annotations

import re

_HAND_IN_THE_FILE = (
    "Hand in the notebook itself, the file that ends in `.ipynb`: in JupyterLab with File, Download; "
    "in Colab with File, Download, Download .ipynb."
)
#: Why a file is not graded, as far as that is for the student to read and to mend, and what to do.
_MENDED_BY_THE_STUDENT = (
    (r"the file is empty", "Open your notebook, save it, and hand it in again."),
    (r"the file has .* are read", "Clear all outputs of the notebook, save it, and hand it in again."),
    (r"the file (is|holds) .*", _HAND_IN_THE_FILE),
    (r"two submissions are here.*", "Hand in one notebook only."),
    (r"there are several notebooks and none is .*", "Hand in one notebook, under the name that it had."),
    (r"no notebook was handed in", _HAND_IN_THE_FILE),
    (r".* is a (link|folder)\b.*|.* is no ordinary file", _HAND_IN_THE_FILE),
    (r"[^/]* cannot be read", _HAND_IN_THE_FILE),
)
_OUR_PROBLEM = (
    "something went wrong while it was graded",
    "You need not do anything now. Your teacher is told, and can grade the file again.",
)


def for_the_student(why: str) -> tuple[str, str]:
    """Return why a file was not graded and what to do; what only concerns the grader's machine is not passed on."""
    for pattern, advice in _MENDED_BY_THE_STUDENT:
        if re.fullmatch(pattern, why, re.DOTALL):
            return why.rstrip("."), advice
    return _OUR_PROBLEM
