def safe_calculate(expression):
    """A precedence climbing parser; nothing of Python's own is asked."""
    if len(expression) > 200:
        raise ValueError("more than 200 characters")
    for c in expression:
        if c not in "0123456789.+-*/() ":
            raise ValueError("illegal character " + repr(c))

    tokens, i = [], 0
    while i < len(expression):
        c = expression[i]
        if c == " ":
            i += 1
        elif c in "0123456789":
            j = i
            while j < len(expression) and expression[j] in "0123456789":
                j += 1
            if expression[j:j + 1] == ".":
                j += 1
                if expression[j:j + 1] not in set("0123456789"):
                    raise ValueError("a point and no digits")
                while j < len(expression) and expression[j] in "0123456789":
                    j += 1
                tokens.append(float(expression[i:j]))
            else:
                tokens.append(int(expression[i:j]))
            i = j
        elif expression[i:i + 2] == "**":
            tokens.append("**")
            i += 2
        elif c == ".":
            raise ValueError("a lonely point")
        else:
            tokens.append(c)
            i += 1
    tokens.append("end")

    def check(x):
        if isinstance(x, complex) or x > 10**50 or x < -10**50 or x != x:
            raise ValueError("out of range")
        return x

    LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}

    def operand(depth):
        t = tokens.pop(0)
        if t == "-":
            return -climb(3, depth)
        if t == "+":
            return climb(3, depth)
        if t == "(":
            if depth == 20:
                raise ValueError("nested too deep")
            x = climb(1, depth + 1)
            if tokens.pop(0) != ")":
                raise ValueError("a bracket stays open")
            return x
        if isinstance(t, str):
            raise ValueError("there should be a number, not " + t)
        return check(t)

    def climb(level, depth):
        x = operand(depth)
        while LEVEL.get(tokens[0], 0) >= level:
            op = tokens.pop(0)
            # ** groups to the right, and its right side may begin with a sign
            y = climb(3 if op == "**" else LEVEL[op] + 1, depth)
            if op == "**" and not -100 <= y <= 100:
                raise ValueError("exponent out of range")
            try:
                x = {"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y, "/": lambda: x / y,
                     "**": lambda: x ** y}[op]()
            except (ZeroDivisionError, OverflowError) as e:
                raise ValueError(str(e))
            check(x)
        return x

    result = climb(1, 0)
    if tokens != ["end"]:
        raise ValueError("left over: " + str(tokens[0]))
    return result
