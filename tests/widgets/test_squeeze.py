"""A squeezed program does what the program did."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from widgets.squeeze import names, squeeze

#: Each prints as JSON what the squeezing could have harmed.
PROGRAMS = {
    "comments": "const a = \"//no\"; // gone\n/* gone\n too */ const b = '/* no */';\nprint(a + b)",
    "templates": "const t = (x) => `a  ${x ? `  b ${ { c: `}  ` }.c }` : ``}  // c\n  \\` ${ 1 + 1 } $ {`;\nprint(t(1) + t(0))",
    "regular expressions": "print('a // \"b'.replace(/[/\"] /g, '_').split( / +/ ), 4 / 2 / 1, `${6}` / 2)",
    "lines without a semicolon": "let i = 1\nlet j = i++\ni\n++j\nconst f = function () { return 2 }\nprint(i, j, f(),\n  i\n  + j)",
    "signs": "const i = 3, j = 4; print(i - -j, i + +j, i - - - j, i+ ++{ j }.j)",
    "words": "const o = { in: 1 }; print('in' in o, typeof o, void 0 ?? 2, new Array(2) instanceof Array, [..._$(o)])\n"
    "function* _$(o) { yield o.in }",
    "strings": r"""print('a  \'  b', "c \"  //  d", 'e \
f')""",
}


def said(node: str, program: str) -> str:
    source = f"const print = (...all) => console.log(JSON.stringify(all));\n{program}\n"
    return subprocess.run([node, "-e", source], capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_squeezed_program_says_the_same(kind: str, node: str) -> None:
    program = PROGRAMS[kind]
    assert json.loads(said(node, program))
    assert said(node, squeeze(program)) == said(node, program)
    assert len(squeeze(program)) < len(program)


def test_names_are_words_outside_of_texts_properties_and_comments() -> None:
    source = "a.b(...c, 'd', `e ${ f ? `g ${ h.i }` : 1 } j`, /k/.test(l)) // m\n{ n: 2 }"
    assert names(source) == {"a", "c", "f", "h", "l", "n"}


def test_comments_and_indents_of_our_files_are_gone() -> None:
    for path in sorted((Path(__file__).resolve().parents[2] / "widgets" / "js").glob("*.js")):
        small = squeeze(path.read_text(encoding="utf-8"))
        assert "\n " not in small
        assert squeeze(small) == small


def test_a_template_without_an_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="no end"):
        squeeze("`a ${b")
