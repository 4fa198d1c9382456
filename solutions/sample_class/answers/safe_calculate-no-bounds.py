def safe_calculate(expression):
    ops = {
        ast.Add: operator.add, ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Sub: operator.sub,
        ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow,
    }

    def visit(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return node.value
        if isinstance(node, ast.UnaryOp):
            return ops[type(node.op)](visit(node.operand))
        if isinstance(node, ast.BinOp):
            return ops[type(node.op)](visit(node.left), visit(node.right))
        raise ValueError("not allowed: " + type(node).__name__)

    if len(expression) > 200:
        raise ValueError("expression too long")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        return visit(tree.body)
    except (SyntaxError, KeyError, ZeroDivisionError):
        raise ValueError("not a valid expression")
