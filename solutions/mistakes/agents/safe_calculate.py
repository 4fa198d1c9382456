"""A calculator that runs nothing: mistakes, and other right ways."""

import ast
import operator
import re

from solutions.agents import safe_calculate
from solutions.mistakes import Variants

variants = Variants("safe_calculate")
mistake, alternative = variants.mistake, variants.alternative

_ALLOWED = set("0123456789.+-*/() ")
_SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_EVERY_SIGN = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}


def _eval(expression, names=(), lost=NameError):
    """Give what `eval` gives, and run nothing: of what it can do, only what probes ask for is done by hand.

    `names` holds the functions that are known, and `lost` is the error that all other names raise.
    """

    def value(node):
        match node:
            case ast.Constant(value=result):
                return result
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                return -value(operand) if isinstance(sign, ast.USub) else value(operand)
            case ast.BinOp(left=left, op=sign, right=right):
                return _small(_EVERY_SIGN[type(sign)], value(left), value(right))
            case ast.List(elts=parts):
                return [value(part) for part in parts]
            case ast.Tuple(elts=parts):
                return tuple(value(part) for part in parts)
            case ast.Subscript(value=whole, slice=place):
                return value(whole)[value(place)]
            case ast.IfExp(test=test, body=body, orelse=other):
                return value(body if value(test) else other)
            case ast.Call(func=ast.Lambda(body=body), args=[]):
                return value(body)
            case ast.Attribute(value=whole, attr="real" | "__class__" | "__name__" as name):
                return getattr(value(whole), name)
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in names:
                return names[name](value(argument))
        raise lost("a name, or something that no probe asks for")

    result = value(ast.parse(expression.strip(" \t"), mode="eval").body)
    if type(result) is complex:
        raise ValueError("a complex number cannot cross to the checker")
    return result


def _small(act, left, right):
    """Act on two values, unless it could take long; no probe asks for more."""
    if act is operator.pow and abs(right) > 10**5:
        raise OverflowError("a power that is not worked out here")
    if act is operator.mul and isinstance(left, str) and right > 100:
        raise MemoryError("a text that is not written out here")
    return act(left, right)


@mistake("Your calculator runs the text: names and calls went through. Read it with `ast.parse`, or read it yourself.")
def runs_the_text(expression):
    return _eval(expression, {"abs": abs})


@mistake(
    "Emptied builtins make no sandbox: attributes need no name, and `().__class__` leads to every class that is "
    "loaded. Read the text, do not run it."
)
def runs_the_text_without_builtins(expression):
    return _eval(expression)


@mistake(
    "With None for builtins `eval` is no sandbox: attributes need no name, and from `()` they lead to every class. "
    "Read the text, do not run it."
)
def runs_the_text_with_none_for_builtins(expression):
    return _eval(expression, lost=TypeError)


@mistake(
    "What did not fail in `eval` went through. Without builtins it is no sandbox: attributes of `()` lead to every "
    "class. Read the text instead."
)
def refuses_what_fails_to_run(expression):
    try:
        return _eval(expression)
    except Exception:
        raise ValueError("cannot be calculated") from None


@mistake(
    "You check the characters and then run the text. These characters also make `//`, `()` and endless powers: look at "
    "each piece, and bound it."
)
def runs_what_has_the_right_characters(expression):
    if set(expression) - _ALLOWED:
        raise ValueError("other characters")
    return _eval(expression)


@mistake(
    "You check the characters and refuse what fails when it runs. `//`, `()` and endless powers do not fail: look at "
    "each piece, and bound it."
)
def runs_the_right_characters_and_refuses_what_fails(expression):
    try:
        return runs_what_has_the_right_characters(expression)
    except Exception:
        raise ValueError("cannot be calculated") from None


@mistake("You forbid what you thought of (letters), so texts, lists and tuples went through. Allow, do not forbid.")
def forbids_letters_only(expression):
    if re.search(r"[^\W\d]", expression):
        raise ValueError("letters")
    try:
        return _read(expression) if set(expression) <= _ALLOWED else _eval(expression)
    except (SyntaxError, ArithmeticError, TypeError):
        raise ValueError("cannot be calculated") from None


@mistake("Digits of other scripts went through: `isdigit`, `int` and `\\d` know them too. Only 0 to 9 are promised.")
def accepts_any_digit(expression):
    plain = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in expression)
    return safe_calculate(plain.replace("²", "**2"))


@mistake(
    "`1e9` or `1_000` went through: Python's numerals are more than digits and a point. Look at the characters first."
)
def accepts_all_numerals(expression):
    if re.fullmatch(r"[-+*/() ]*(\d[\d_.]*(e\d+)?[-+*/() ]*)+", expression, re.ASCII):
        return _read(expression, more="e_")
    return safe_calculate(expression)


@mistake(
    "Your powers are read from the left: 2 ** 3 ** 2 is 2 ** 9, because a power's exponent may hold another power."
)
def reads_powers_from_the_left(expression):
    return _read(expression, from_the_left=True)


@mistake("-2 ** 2 is -4: the power binds tighter than the sign on its left. Yours takes the sign first.")
def takes_signs_before_powers(expression):
    return safe_calculate(re.sub(r"^-(\d+) \*\*", r"(-\1) **", expression))


@mistake("10 - 4 - 3 is 3: operators of one rank are read from the left. Yours starts from the right.")
def starts_from_the_right(expression):
    return safe_calculate(re.sub(r"^(\d+) - (\d+) - (\d+)$", r"\1 - (\2 - \3)", expression))


@mistake("Only the result is held to the bounds. Values on the way count, and an exponent is checked before the power.")
def checks_only_the_result(expression):
    return _read(expression, bound=None)


@mistake("An exponent beyond 100 went through. A small result does not show how long a power takes.")
def checks_no_exponents(expression):
    return _read(expression, most=10**6)


@mistake(
    "A division by zero came out as an error of another kind. The docstring has one error for all that is refused."
)
def lets_divisions_by_zero_out(expression):
    return _read(expression, hide=(SyntaxError, OverflowError))


@mistake("What is no expression came out as a SyntaxError. The docstring has one error for all that is refused.")
def lets_syntax_errors_out(expression):
    if set(expression) <= _ALLOWED:
        return _read(expression, hide=(ArithmeticError,))
    return safe_calculate(expression)


@mistake("Your whole numbers become floats, and lose their last digits. Keep an int an int.")
def makes_floats(expression):
    return float(safe_calculate(expression))


@mistake("A division of whole numbers gave a whole number. `/` always gives a float here, as in Python.")
def divides_to_whole_numbers(expression):
    value = safe_calculate(expression)
    return int(value) if "." not in expression and value == int(value) and abs(value) < 10**15 else value


@mistake("`//` went through as a division. It is an operator of its own, and not among those that are allowed.")
def accepts_floor_division(expression):
    return safe_calculate(expression.replace("//", "/"))


@mistake("A text of more than 200 characters went through. Length is a bound as well: check it first.")
def reads_any_length(expression):
    return safe_calculate(expression) if len(expression) <= 200 else _read(expression, longest=10**4)


@mistake("Brackets more than 20 deep went through. Deep nesting fills the stack of a parser: count before you parse.")
def reads_any_depth(expression):
    return _read(expression, deepest=10**4)


@mistake(
    "You count all brackets of the text. How deep they are nested is another number: it falls where one is closed."
)
def counts_all_brackets(expression):
    if expression.count("(") > 20:
        raise ValueError("too many brackets")
    return safe_calculate(expression)


@mistake("A minus sign in front of an operand was not understood. The docstring allows signs there.")
def knows_no_signs(expression):
    if re.match(r"-[0-9(]\d* ?[^ *]|-\d$|\+\d|\d \* -|--\d - -", expression) and "**" not in expression:
        raise ValueError("an operand is missing")
    return safe_calculate(expression)


def _read(
    expression,
    from_the_left=False,
    bound=10**50,
    most=100,
    hide=(SyntaxError, ArithmeticError),
    longest=200,
    deepest=20,
    more="",
):
    """Calculate with one rule changed."""
    depth = 0
    for sign in expression:
        depth += (sign == "(") - (sign == ")")
        if depth > deepest:
            raise ValueError("too deep")
    if len(expression) > longest:
        raise ValueError("too long")

    def value(node):
        match node:
            case ast.Constant(value=int() | float() as number):
                return held(number)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                return -value(operand) if isinstance(sign, ast.USub) else value(operand)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.BinOp(left=middle, op=ast.Pow(), right=right)) if (
                from_the_left
            ):
                return held(held(value(left) ** value(middle)) ** value(right))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                base, exponent = value(left), value(right)
                if bound is not None and abs(exponent) > most:
                    raise ValueError("exponent")
                return held(base**exponent)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as sign, right=right):
                act = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(sign)]
                return held(_SIGNS[act](value(left), value(right)))
        raise ValueError("not allowed")

    def held(number):
        if isinstance(number, complex) or (bound is not None and abs(number) > bound):
            raise ValueError("bounds")
        return number

    try:
        if not set(expression) <= _ALLOWED | set(more):
            raise ValueError("characters")
        result = value(ast.parse(expression.strip(), mode="eval").body)
    except hide:
        raise ValueError("cannot be calculated") from None
    if abs(result) > 10**50:
        raise ValueError("too large")
    return result


@alternative
def by_descent(expression):
    """Read the text with one function a rank of operators."""
    if len(expression) > 200 or not re.fullmatch(r"[0-9.+*/() -]*", expression):
        raise ValueError("characters")
    pieces = re.findall(r"[0-9]+(?:\.[0-9]+)?|\*\*|[^ ]", expression)
    pieces.reverse()  # the next piece is the last

    def held(number):
        if isinstance(number, complex) or not -(10**50) <= number <= 10**50:
            raise ValueError("too large")
        return number

    def take(*signs):
        return pieces.pop() if pieces and pieces[-1] in signs else None

    def total(deep):
        result = product(deep)
        while sign := take("+", "-"):
            other = product(deep)
            result = held(result + other if sign == "+" else result - other)
        return result

    def product(deep):
        result = signed(deep)
        while sign := take("*", "/"):
            other = signed(deep)
            if sign == "/" and other == 0:
                raise ValueError("division by zero")
            result = held(result * other if sign == "*" else result / other)
        return result

    def signed(deep):
        sign = take("+", "-")
        if sign:
            operand = signed(deep)
            return -operand if sign == "-" else operand
        base = atom(deep)
        if not take("**"):
            return base
        exponent = signed(deep)
        if not -100 <= exponent <= 100 or (base == 0 and exponent < 0):
            raise ValueError("exponent")
        try:
            return held(base**exponent)
        except OverflowError:
            raise ValueError("too large") from None

    def atom(deep):
        if take("("):
            if deep == 20:
                raise ValueError("too deep")
            inside = total(deep + 1)
            if not take(")"):
                raise ValueError("a bracket is not closed")
            return inside
        if not pieces or not pieces[-1][0].isdigit():
            raise ValueError("an operand is missing")
        number = pieces.pop()
        return held(float(number) if "." in number else int(number))

    result = total(0)
    if pieces:
        raise ValueError("something is left over")
    return result


@alternative
def with_two_stacks(expression):
    """Dijkstra's shunting yard: one stack of values, one of operators that wait."""
    if len(expression) > 200 or set(expression) - _ALLOWED:
        raise ValueError("characters")
    rank = {"+": 1, "-": 1, "*": 2, "/": 2, "sign-": 3, "sign+": 3, "**": 4}
    values, waiting, operand_next, open_brackets = [], [], True, 0

    def act():
        sign = waiting.pop()
        if sign.startswith("sign"):
            number = values.pop()
            values.append(-number if sign == "sign-" else number)
            return
        right, left = values.pop(), values.pop()
        if sign == "**" and abs(right) > 100:
            raise ValueError("exponent")
        number = left**right if sign == "**" else _SIGNS[sign](left, right)
        if isinstance(number, complex) or abs(number) > 10**50:
            raise ValueError("too large")
        values.append(number)

    try:
        for piece in re.findall(r"\d+\.\d+|\d+|\*\*|\S", expression):
            if piece[0].isdigit() or piece == "(":
                if not operand_next:
                    raise ValueError("no operator between two operands")
                if piece == "(":
                    open_brackets += 1
                    if open_brackets > 20:
                        raise ValueError("too deep")
                    waiting.append(piece)
                    continue
                values.append(float(piece) if "." in piece else int(piece))
                if values[-1] > 10**50:
                    raise ValueError("too large")
                operand_next = False
            elif piece == ")":
                if operand_next:
                    raise ValueError("an operand is missing")
                while waiting[-1] != "(":
                    act()
                waiting.pop()
                open_brackets -= 1
            elif operand_next:
                waiting.append({"-": "sign-", "+": "sign+"}[piece])
            else:
                while waiting and waiting[-1] != "(" and piece != "**" and rank[waiting[-1]] >= rank[piece]:
                    act()
                waiting.append({"**": "**", **{sign: sign for sign in _SIGNS}}[piece])
                operand_next = True
        if operand_next or open_brackets:
            raise ValueError("something is missing")
        while waiting:
            act()
        (result,) = values
    except (LookupError, ArithmeticError):
        raise ValueError("cannot be calculated") from None
    return result
