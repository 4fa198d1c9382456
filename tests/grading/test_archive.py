"""A class's zip: every layout is known, nothing is unpacked, and whatever is wrong in it costs nobody else anything."""

from __future__ import annotations

import io
import random
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from typer.testing import CliRunner

from autograder.courseroot import CourseRoot
from autograder.exercise import Chapter
from autograder.grading import archive
from autograder.grading.assignment import Assignment
from autograder.grading.classroom import Places, grade_class
from autograder.grading.engine import Engine, Graded
from autograder.grading.handed_in import NoSubmissionsError, Submission, UnreadableError, find_submissions
from autograder.grading.process import Limits, Processes
from autograder.grading.refusal import for_the_student
from autograder.grading.results import Result
from autograder.grading.submission import MAX_BYTES, NotANotebookError, read_notebook
from autograder.grading.workers import Here
from autograder.verdict import ProbeVerdict, Verdict
from nexttoken.cli import app
from tests.grading.test_engine import made

Fill = Callable[..., NotebookNode]


def zipped(folder: Path, *names: str, text: str = "{}") -> Path:
    """Make an archive of files that all have one text."""
    path = folder / "class.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, text)
    return path


def listed(path: Path) -> dict[str, str]:
    """Return of each student the file that is taken, or why none is."""
    return {
        item.student: item.problem if item.file is None else item.file.name
        for item in find_submissions(path, "arithmetic")
    }


# --- layouts

LAYOUTS = {
    "moodle, in folders": (
        (
            "Ada Lovelace_12345_assignsubmission_file_/arithmetic.ipynb",
            "Zoë O'Neil_12346_assignsubmission_file_/week 3/mine (1).ipynb",
            "Group A-Alan Turing_12347_assignsubmission_onlinetext_/onlinetext.html",
            "Alan Kay_7_assignsubmission_onlinetext_/onlinetext.html",
            "Alan Kay_7_assignsubmission_file_/arithmetic.ipynb",
        ),
        {
            "Ada Lovelace_12345": "arithmetic.ipynb",
            "Zoë O'Neil_12346": "mine (1).ipynb",
            "Group A-Alan Turing_12347": "no notebook was handed in",
            "Alan Kay_7": "arithmetic.ipynb",
        },
    ),
    "moodle, without folders": (
        (
            "Ada Lovelace_12345_assignsubmission_file_arithmetic.ipynb",
            "Ada Lovelace_12345_assignsubmission_file_notes_1_2_x.pdf",
            "Alan Turing_12347_assignsubmission_file_answer.pdf",
        ),
        {"Ada Lovelace_12345": "arithmetic.ipynb", "Alan Turing_12347": "no notebook was handed in"},
    ),
    "canvas": (
        (
            "lovelaceada_12345_67890_arithmetic.ipynb",
            "lovelaceada_12345_67891_notes.pdf",
            "turingalan_LATE_12346_67892_arithmetic-1.ipynb",
            "kayalan_12347_67893_answer.zip",
            "noether_emmy_12348_67894_1_2_mine.ipynb",
            "hopper_LATE_12349_text.html",
        ),
        {
            "lovelaceada_12345": "arithmetic.ipynb",
            "turingalan_12346": "arithmetic-1.ipynb",
            "kayalan_12347": "no notebook was handed in",
            "noether_emmy_12348": "1_2_mine.ipynb",
            "hopper_12349": "no notebook was handed in",
        },
    ),
    "canvas, anonymous": (
        ("anon_aB3xY_67890_arithmetic.ipynb", "LATE_anon_7Qk2p_67891_2_x.ipynb"),
        {"anon_aB3xY": "arithmetic.ipynb", "anon_7Qk2p": "2_x.ipynb"},
    ),
    "nbgrader": (
        (
            "ada/arithmetic/arithmetic.ipynb",
            "ada/arithmetic/arithmetic-Copy1.ipynb",
            "ada/arithmetic/.ipynb_checkpoints/arithmetic-checkpoint.ipynb",
            "ada/arithmetic/old/arithmetic.ipynb",
            "bea/arithmetic/answer.pdf",
            "cid/another/another.ipynb",
            "dan/arithmetic/",
        ),
        {"ada": "arithmetic.ipynb", "bea": "no notebook was handed in", "dan": "no notebook was handed in"},
    ),
    "nbgrader, below other folders": (
        ("course/submitted/ada/arithmetic/arithmetic.ipynb", "course/submitted/bea/arithmetic/mine.ipynb"),
        {"ada": "arithmetic.ipynb", "bea": "mine.ipynb"},
    ),
    "plain": (("ada.ipynb", "bea.IPYNB", "notes.txt"), {"ada": "ada.ipynb", "bea": "bea.IPYNB"}),
    "plain, in one folder": (
        ("class/", "class/ada.ipynb", "class/bea.ipynb", "class/more/cid.ipynb", "readme.txt"),
        {"ada": "ada.ipynb", "bea": "bea.ipynb"},
    ),
    "plain, in a folder with the assignment's name": (("arithmetic/ada.ipynb",), {"ada": "ada.ipynb"}),
    "from a mac": (
        (
            "class/ada.ipynb",
            "class/.DS_Store",
            "class/._ada.ipynb",
            "__MACOSX/class/._ada.ipynb",
            "__MACOSX/bea/arithmetic/arithmetic.ipynb",
            ".Trashes/arithmetic/arithmetic.ipynb",
        ),
        {"ada": "ada.ipynb"},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_known(layout: str, tmp_path: Path) -> None:
    names, expected = LAYOUTS[layout]
    assert listed(zipped(tmp_path, *names)) == expected


@pytest.mark.parametrize("top", ["Ada_1_assignsubmission_file_/", "Ada_1_assignsubmission_file_", "ada_1_9_"])
@pytest.mark.parametrize(
    "chosen", ["bea_2_8_x.ipynb", "Bea_2_assignsubmission_file_x.ipynb", "LATE_anon_bea_8_x.ipynb"]
)
def test_no_student_can_hand_in_under_the_name_of_another(top: str, chosen: str, tmp_path: Path) -> None:
    (student,) = listed(zipped(tmp_path, top + chosen))
    assert student.lower() == "ada_1"


def test_a_folder_that_a_student_hands_in_names_nobody(tmp_path: Path) -> None:
    path = zipped(tmp_path, "Ada_1_assignsubmission_file_/bea/arithmetic/arithmetic.ipynb")
    assert listed(path) == {"Ada_1": "arithmetic.ipynb"}


def test_two_submissions_of_a_student_are_a_problem_as_in_a_folder(tmp_path: Path) -> None:
    names = ["ada/arithmetic/arithmetic.ipynb", "ada.ipynb", "a/bea/arithmetic/x.ipynb", "b/bea/arithmetic/x.ipynb"]
    twice = "two submissions are here: keep one of them"
    assert listed(zipped(tmp_path, *names)) == {"ada": twice, "bea": twice}


def test_of_many_notebooks_some_are_named(tmp_path: Path) -> None:
    (problem,) = listed(zipped(tmp_path, *(f"ada_1_{number}_{number}.ipynb" for number in range(9)))).values()
    assert problem == (
        "there are several notebooks and none is arithmetic.ipynb: 0.ipynb, 1.ipynb, 2.ipynb, 3.ipynb, 4.ipynb and 4 more"
    )


def test_utf8_that_is_not_announced_and_accents_apart_make_the_same_name(tmp_path: Path) -> None:
    as_macos = Entry("Zoe\u0308.ipynb".encode(), b"{}", flags=0)
    (tmp_path / "class.zip").write_bytes(archive_of(as_macos))
    assert listed(tmp_path / "class.zip") == {"Zo\u00eb": "Zo\u00eb.ipynb"}


def test_a_time_is_nbgraders_own_file_and_never_the_date_in_the_zip(tmp_path: Path) -> None:
    path = zipped(
        tmp_path,
        "ada/arithmetic/arithmetic.ipynb",
        "ada/arithmetic/timestamp.txt",
        "bea/arithmetic/arithmetic.ipynb",
        "Cid_1_assignsubmission_file_/x.ipynb",
        "Cid_1_assignsubmission_file_/timestamp.txt",
        text="2026-11-02 09:15:00 UTC\n",
    )
    found = {item.student: item.handed_in for item in find_submissions(path, "arithmetic")}
    assert found == {"ada": datetime(2026, 11, 2, 9, 15), "bea": None, "Cid_1": None}  # noqa: DTZ001 - naive, in UTC


def test_students_are_chosen_from_a_zip_as_from_a_folder(tmp_path: Path) -> None:
    path = zipped(tmp_path, "ada.ipynb", "bea.ipynb")
    assert [item.student for item in find_submissions(path, "arithmetic", ["bea"])] == ["bea"]
    with pytest.raises(NoSubmissionsError, match="zoe handed in nothing; there is: ada, bea"):
        find_submissions(path, "arithmetic", ["zoe"])


# --- archives made by hand


@dataclass(frozen=True)
class Entry:
    """An entry of a zip, as its bytes say it (APPNOTE 4.3.7 and 4.3.12)."""

    name: bytes
    data: bytes
    method: int = 0
    flags: int = 0x800
    mode: int = 0
    #: What is announced, where that is not the truth.
    size: int | None = None
    crc: int | None = None
    #: Where the local header is said to be, if not where it is.
    offset: int | None = None


def archive_of(*entries: Entry) -> bytes:
    body, table = bytearray(), bytearray()
    for entry in entries:
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        size = len(entry.data) if entry.size is None else entry.size
        facts = (entry.flags, entry.method, 0, 0x21, crc, len(entry.data), size, len(entry.name), 0)
        offset = len(body) if entry.offset is None else entry.offset
        body += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, *facts) + entry.name + entry.data
        more = (0, 0, 0, entry.mode << 16, offset)
        table += struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 0x314, 20, *facts, *more) + entry.name
    ends = (0, 0, len(entries), len(entries), len(table), len(body), 0)
    return bytes(body + table + struct.pack("<4sHHHHIIH", b"PK\5\6", *ends))


def bomb() -> bytes:
    """Make almost 4 GB of zeros, deflated; each full flush lets the same block follow again."""
    deflate = zlib.compressobj(9, wbits=-15)
    block = deflate.compress(bytes(2**24)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return block * 255


NOTEBOOK = b'{"cells": [{"cell_type": "code", "source": "x = 1"}]}'
GOOD = Entry(b"ada.ipynb", NOTEBOOK)
UNSAFE = "the archive gives ada.ipynb a name that is no plain path inside it: "
NESTED = archive_of(GOOD)

#: What is in the archive for ada, and why she is not graded.
HOSTILE: dict[str, tuple[tuple[Entry, ...], str]] = {
    "leads out": ((replace(GOOD, name=b"../../ada.ipynb"),), UNSAFE + "../../ada.ipynb"),
    "leads out below a folder": ((replace(GOOD, name=b"x/../../ada/arithmetic/ada.ipynb"),), UNSAFE),
    "absolute": ((replace(GOOD, name=b"/ada.ipynb"),), UNSAFE + "/ada.ipynb"),
    "backslashes": ((replace(GOOD, name=rb"..\..\ada.ipynb"),), UNSAFE + r"..\..\ada.ipynb"),
    "drive letter": ((replace(GOOD, name=b"C:/ada.ipynb"),), UNSAFE + "C:/ada.ipynb"),
    "drive letter and backslashes": ((replace(GOOD, name=rb"C:\x\ada\arithmetic\ada.ipynb"),), UNSAFE),
    "control characters": ((replace(GOOD, name=b"\x1b[2J/ada/arithmetic/ada.ipynb"),), UNSAFE + "_[2J/ada"),
    "turned around": ((replace(GOOD, name="ada/arithmetic/\u202ebpyni.x.ipynb".encode()),), "_bpyni.x.ipynb"),
    "name of 5000": ((replace(GOOD, name=b"ada/arithmetic/" + b"x" * 5000 + b".ipynb"),), "is no plain path"),
    "ends at a zero": ((replace(GOOD, name=b"ada/arithmetic/ada.ipynb\0.ipynb"),), "ada.ipynb_.ipynb"),
    "link": ((replace(GOOD, data=b"/etc/passwd", mode=stat.S_IFLNK | 0o777),), "ada.ipynb is a link, and links are"),
    "device": ((replace(GOOD, mode=stat.S_IFCHR),), "ada.ipynb is no ordinary file"),
    "encrypted": ((replace(GOOD, flags=0x801),), "ada.ipynb is encrypted in the archive"),
    "strongly encrypted": ((replace(GOOD, flags=0x841),), "ada.ipynb is encrypted in the archive"),
    "unknown compression": ((replace(GOOD, method=99),), "compressed by a method that is not read here (number 99)"),
    "lzma": ((replace(GOOD, method=14),), "compressed by a method that is not read here (number 14)"),
    "overlapping": (
        (Entry(b"first.txt", NESTED), replace(GOOD, offset=39)),
        "ada.ipynb shares bytes with another file of the archive",
    ),
    "wrong checksum": ((replace(GOOD, crc=1),), "ada.ipynb cannot be read from class.zip, which is damaged"),
    "damaged data": ((replace(GOOD, method=8),), "ada.ipynb cannot be read from class.zip, which is damaged"),
    "larger than announced": ((replace(GOOD, size=9),), "ada.ipynb cannot be read from class.zip"),
    "header elsewhere": ((replace(GOOD, offset=2**31),), "ada.ipynb cannot be read from class.zip"),
    "gigabytes": ((replace(GOOD, data=bomb(), method=8, size=255 * 2**24),), "the file has more than 50 MB"),
    "twice": ((GOOD, GOOD), "two submissions are here"),
    "twice in a folder": ((replace(GOOD, name=b"ada_1_2_arithmetic.ipynb"),) * 2, "two submissions are here"),
    "zip in a zip": ((Entry(b"ada_1_2_arithmetic.zip", NESTED),), "no notebook was handed in"),
    "zip with a notebook's name": ((replace(GOOD, data=NESTED),), "so it is no notebook"),
    "a folder's name": ((Entry(b"ada_1_assignsubmission_file_/arithmetic.ipynb/", b""),), "no notebook was handed in"),
}

MENDED_BY_THE_STUDENT = {
    "link",
    "device",
    "gigabytes",
    "twice",
    "twice in a folder",
    "zip in a zip",
    "zip with a notebook's name",
    "a folder's name",
}


class Generous:
    """Grades without running anything, and gives everybody a point."""

    def grade(self, notebook: NotebookNode) -> Graded:
        return Graded((Verdict("double", "", (ProbeVerdict("p", "It holds.", 1, True, 1, 1, False, None),)),), {})


def graded(path: Path, small: Assignment, places: Places) -> dict[str, Result]:
    found = find_submissions(path, "arithmetic")
    return {item.student: item for item in grade_class(Here(Generous(), small.release), small, found, places)}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_wrong_with_one_submission_is_said_and_the_others_are_graded(
    name: str, small: Assignment, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries, why = HOSTILE[name]
    here = tmp_path / "a" / "b" / "c"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    path = here / "class.zip"
    path.write_bytes(archive_of(*entries, Entry(b"bea/arithmetic/arithmetic.ipynb", NOTEBOOK)))

    results = graded(path, small, places)
    assert results.pop("bea").status == "graded"
    ((student, result),) = results.items()
    assert student.startswith("ada")
    assert result.status == "not graded"
    assert why in result.why
    assert result.why.isprintable()
    assert len(result.why) < 600
    assert ("something went wrong" in for_the_student(result.why)[0]) == (name not in MENDED_BY_THE_STUDENT)
    assert set(written(tmp_path)) == {
        "a/b/c/class.zip",
        *(f"results/arithmetic/{one}.json" for one in ("bea", student)),
        *(f"autograded/{one}/arithmetic/arithmetic.ipynb" for one in ("bea", student)),
    }


def written(folder: Path) -> list[str]:
    files = [path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir()]
    return [str(path) for path in files if "__pycache__" not in path.parts]


@pytest.mark.parametrize("name", [b"a" * 240, b"a\nb", "a\u202e".encode(), b"a\x1b[2J", b"a\x07"], ids=range(5))
def test_a_student_whose_name_can_be_no_files_name_is_listed_under_one_that_can(
    name: bytes, small: Assignment, places: Places, tmp_path: Path
) -> None:
    path = tmp_path / "class.zip"
    path.write_bytes(archive_of(replace(GOOD, name=name + b".ipynb"), replace(GOOD, name=b"bea.ipynb")))
    results = graded(path, small, places)
    assert results.pop("bea").status == "graded"
    ((student, result),) = results.items()
    assert student.isprintable()
    assert result.why == "it is handed in under a name that is too long, or is no line of text"


def test_what_a_student_has_overlapping_costs_the_other_as_well_and_no_third(tmp_path: Path) -> None:
    first = Entry(b"ada.ipynb", NOTEBOOK)
    entries = (first, Entry(b"bea.ipynb", NOTEBOOK, offset=0), Entry(b"cid.ipynb", NOTEBOOK))
    (tmp_path / "class.zip").write_bytes(archive_of(*entries))
    found = listed(tmp_path / "class.zip")
    assert [name for name, said in found.items() if "shares bytes" in said] == ["ada", "bea"]


# --- limits


@pytest.mark.parametrize("kind", ["a file of 10 GB", "4 GB in a zip"])
def test_what_is_too_large_is_refused_in_little_memory(kind: str, tmp_path: Path) -> None:
    if kind == "a file of 10 GB":
        with (tmp_path / "ada.ipynb").open("wb") as file:
            file.truncate(10 * 2**30)
        (found,) = find_submissions(tmp_path, "arithmetic")
    else:
        path = tmp_path / "class.zip"
        path.write_bytes(archive_of(replace(GOOD, data=bomb(), method=8, size=255 * 2**24)))
        (found,) = find_submissions(path, "arithmetic")
    tracemalloc.start()
    try:
        data = found.read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(data) == MAX_BYTES + 1
    assert peak < 150 * 2**20
    with pytest.raises(NotANotebookError, match="the file has more than 50 MB"):
        read_notebook(data)


@pytest.mark.parametrize("size", [0, 1, 2**20, MAX_BYTES])
def test_what_is_not_too_large_is_read_whole(size: int, tmp_path: Path) -> None:
    data = random.Random(0).randbytes(size)
    (tmp_path / "ada.ipynb").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "class.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("ada.ipynb", data)
    for place in (tmp_path, tmp_path / "class.zip"):
        (found,) = find_submissions(place, "arithmetic")
        assert found.read() == data


def test_a_million_entries_are_refused_before_they_are_read(tmp_path: Path) -> None:
    table = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, *[0] * 14) * 1_000_000
    ends = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(table), 0, 0)
    path = tmp_path / "class.zip"
    path.write_bytes(table + ends)
    tracemalloc.start()
    try:
        with pytest.raises(NoSubmissionsError, match="holds more files than are read, which is 20,000"):
            find_submissions(path, "arithmetic")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_the_limit_is_on_entries_and_not_only_on_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    assert len(listed(zipped(tmp_path, "a.ipynb", "b.ipynb", "c.ipynb"))) == 3
    with pytest.raises(NoSubmissionsError, match="holds more files than are read, which is 3"):
        listed(zipped(tmp_path, "a.ipynb", "b.ipynb", "c.ipynb", "d.txt"))


# --- no archive, and damaged ones


def test_what_is_no_zip_or_was_cut_off_is_refused_in_one_sentence(tmp_path: Path) -> None:
    whole = zipped(tmp_path, "ada.ipynb", "bea.ipynb").read_bytes()
    path = tmp_path / "other.zip"
    for data in (b"", b"no zip", whole[:-1], whole[: len(whole) // 2], whole[:20], b"Rar!\x1a\x07", b"PK\5\6"):
        path.write_bytes(data)
        with pytest.raises(NoSubmissionsError, match=r"other\.zip is no zip archive, or was cut off or damaged"):
            find_submissions(path, "arithmetic")


def test_a_damaged_archive_is_refused_or_its_files_are(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("Ada_1_assignsubmission_file_/x.ipynb", "bea/arithmetic/arithmetic.ipynb", "cid.ipynb"):
            file.writestr(name, NOTEBOOK * 20)
    whole = stream.getvalue()
    path = tmp_path / "class.zip"
    chance = random.Random(5)
    ends = {"refused": 0, "unreadable": 0, "read": 0}
    for _ in range(2_000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        path.write_bytes(data)
        try:
            found = find_submissions(path, "arithmetic")
        except NoSubmissionsError:
            ends["refused"] += 1
            continue
        for item in found:
            ends["read" if is_read(item) else "unreadable"] += 1
    assert all(ends.values()), "each happens"


def is_read(item: Submission) -> bool:
    try:
        assert item.read() == NOTEBOOK * 20
    except UnreadableError:
        return False
    return True


def test_an_archive_that_is_gone_or_another_one_by_now_is_not_read_wrongly(tmp_path: Path) -> None:
    path = zipped(tmp_path, "ada.ipynb", "bea.ipynb")
    ada, bea = find_submissions(path, "arithmetic")
    zipped(tmp_path, "bea.ipynb", "ada.ipynb", text="{'other': 1}")
    with pytest.raises(UnreadableError, match=r"ada\.ipynb cannot be read from class\.zip"):
        ada.read()
    path.unlink()
    with pytest.raises(UnreadableError, match=r"bea\.ipynb cannot be read from class\.zip"):
        bea.read()


# --- the whole way


def test_a_zip_is_graded_as_its_folder_is(
    arithmetic: Chapter,
    opened: Callable[[Limits], Processes],
    small: Assignment,
    released: NotebookNode,
    submit: Fill,
    tmp_path: Path,
) -> None:
    texts = {
        "ada": nbformat.writes(submit()),
        "bea": nbformat.writes(submit(double="double = 1")),
        "cid": "no notebook",
    }
    folder = tmp_path / "submitted"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "class.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for student, text in texts.items():
            (folder / f"{student}.ipynb").write_text(text)
            file.writestr(f"{student}.ipynb", text)
    engine: Engine = made(arithmetic, opened)
    from_folder, from_zip = (
        grade_class(
            Here(engine, released),
            small,
            find_submissions(place, "arithmetic"),
            Places(tmp_path / kind / "results", tmp_path / kind / "autograded", "sqlite://", tmp_path / kind / "csv"),
        )
        for kind, place in (("folder", folder), ("zip", tmp_path / "class.zip"))
    )
    assert [result.earned for result in from_zip] == [5, 2, None]
    assert from_zip == from_folder
    for student in texts:
        place = f"autograded/{student}/arithmetic/arithmetic.ipynb"
        assert (tmp_path / "zip" / place).read_bytes() == (tmp_path / "folder" / place).read_bytes()


def test_what_is_graded_from_a_zip_is_kept_and_what_changed_is_graded_again(
    small: Assignment, places: Places, tmp_path: Path
) -> None:
    def told(text: str) -> list[bool]:
        path = zipped(tmp_path, "ada.ipynb", text=text)
        kept: list[bool] = []
        found = find_submissions(path, "arithmetic")
        grade_class(Here(Generous(), small.release), small, found, places, tell=lambda one: kept.append(one.kept))
        return kept

    text = NOTEBOOK.decode()
    assert [told(text), told(text), told(text + " ")] == [[False], [True], [False]]


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("absent.zip", None, "there is no folder or zip absent.zip"),
        (
            "nothing.zip",
            archive_of(),
            "expected STUDENT/next_token/next_token.ipynb, or STUDENT.ipynb, or the zip that",
        ),
        ("photos.zip", archive_of(Entry(b"a/cat.png", b"")), "photos.zip holds no submission to next_token"),
        ("text.zip", b"hello", "text.zip is no zip archive"),
        ("cut.zip", archive_of(GOOD)[:-5], "cut.zip is no zip archive, or was cut off or damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".zip") else "",
)
def test_the_command_says_in_a_sentence_that_there_is_nothing_to_grade(
    name: str, data: bytes | None, part: str, course: CourseRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course.path)
    if data is not None:
        (course.path / name).write_bytes(data)
    before = written(course.path)
    said = CliRunner().invoke(app, ["grade", "next_token", "--submissions", name])
    assert said.exit_code == 1
    assert said.stdout == ""
    assert said.stderr.startswith("nexttoken: ")
    assert said.stderr.count("\n") == 1
    assert part in said.stderr
    assert written(course.path) == before
