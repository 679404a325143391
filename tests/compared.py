"""What a test compares with what came back, by its text: the words of C++ or Python that stand in an assertion, in a
comparison, in a call of something that asserts, or in a table whose rows are asserted.
"""

import ast
import re

WORD = re.compile(r"\b[A-Z][A-Z_]+\b")
ENUMERATOR = re.compile(r"\bk[A-Z]\w+")
MADE = re.compile(r"Reject\(\s*(?:RejectReason::)?k\w+")
NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"', re.S)
ASSERTS = re.compile(r"\b(?:EXPECT|ASSERT)_\w+\s*\(|\bADD_FAILURE\b|\bFAIL\(\)")
TABLE = re.compile(r"\b(?:Values|ValuesIn|INSTANTIATE_TEST_SUITE_P)$")
FUNCTION = re.compile(r"(?<![\w.>])([A-Z]\w*)\((?:[^(){};]|\([^(){};]*\))*\)\s*(?:const\s*)?(?:->\s*\w+\s*)?\{")


def bare(text):
    """Without comments and the contents of strings; what is made by hand is no comparison."""
    return MADE.sub("", NO_CODE.sub(lambda found: '""' if found[0][-1] == '"' else "", text))


def closing(text, at):
    """The place behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in "({[") - (text[i] in ")}]")
        if depth == 0:
            return i + 1
    return len(text)


def cpp_helpers(text):
    """Names of functions whose bodies assert, or call one that does."""
    text, helpers, grown = bare(text), set(), True
    bodies = [(found[1], text[found.end():closing(text, found.end() - 1)]) for found in FUNCTION.finditer(text)
              if not found[1].startswith("TEST")]
    while grown:
        found = {name for name, body in bodies if ASSERTS.search(body) or helpers & set(re.findall(r"\b(\w+)\(", body))}
        helpers, grown = found, found != helpers
    return helpers


def openers(text, at):
    """What stands in front of each bracket that is open at `at` in its statement, the innermost first, with the bracket."""
    closed = 0
    for i in range(at - 1, -1, -1):
        if text[i] in ")}]":
            closed += 1
        elif text[i] in "({[" and closed:
            closed -= 1
        elif text[i] in "({[":
            before = text[:i].rstrip()
            yield re.search(r"[\w~]*$", before)[0] or before[-1:], text[i]
            if text[i] == "{" and re.search(r"(\)|\b(const|else|do|try|noexcept|override))$", before):
                return  # a block
        elif text[i] == ";" and not closed:
            return


def in_cpp(text, helpers=frozenset()):
    """Enumerators that are compared; `helpers` are names of functions that assert."""
    text, found = bare(text), set()
    helpers = helpers | cpp_helpers(text)
    asserts = ASSERTS.search(text) is not None
    for word in ENUMERATOR.finditer(text):
        if word[0] in found:
            continue
        around = text[max(word.start() - 40, 0):word.start()] + "@" + text[word.end():word.end() + 4]
        hit = re.search(r"[!=]=\s*(?:\w+::)*@|@\s*[!=]=", around) is not None
        for name, bracket in openers(text, word.start()):
            hit = hit or (bracket == "(" and (re.match(r"(EXPECT|ASSERT)_", name) or name in helpers))
            hit = hit or (asserts and (TABLE.search(name) if bracket == "(" else bracket == "{" and name not in (")", "")))
        if hit:
            found.add(word[0])
    return found


def names_in(node):
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def words_in(node):
    return {word for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, (str, bytes))
            for word in WORD.findall(part.value if isinstance(part.value, str) else part.value.decode("latin-1"))}


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def python_helpers(text):
    """Names of functions that assert."""
    return {function.name for function in functions(ast.parse(text))
            if any(isinstance(node, ast.Assert) for node in ast.walk(function))}


def rows(value, tables):
    """The elements of a table, through its name and through calls such as pytest.param(...)."""
    value = tables.get(value.id, value) if isinstance(value, ast.Name) else value
    if isinstance(value, ast.Call) and value.args and not isinstance(value.func, ast.Name):
        return value.args
    if isinstance(value, ast.Dict):
        return [ast.Tuple(elts=[key, item]) for key, item in zip(value.keys, value.values) if key]
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "items":
        return rows(value.func.value, tables)
    return value.elts if isinstance(value, (ast.List, ast.Tuple, ast.Set)) else [value]


def bindings(function, tables):
    """(names, expression) of what is bound in a function, by the column where it comes from a table."""
    def columns(names, value):
        for row in rows(value, tables):
            cells = rows(row, {})
            yield from ([({name}, cell) for name, cell in zip(names, cells)] if 1 < len(names) == len(cells)
                        else [(set(names), row)])
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            yield {name for target in node.targets for name in names_in(target)}, node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            parts = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
            yield from columns([part.id for part in parts if isinstance(part, ast.Name)], node.iter)
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("parametrize") and isinstance(mark.args[0], ast.Constant):
            yield from columns(re.findall(r"\w+", mark.args[0].value), mark.args[1])


def asserted(function, helpers):
    """The parts of a function that compare: tests of asserts, comparisons, arguments of what asserts."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            yield node.test
        elif isinstance(node, ast.Compare):
            yield node
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in helpers:
            yield from [*node.args, *(keyword.value for keyword in node.keywords)]


def in_python(text, helpers=frozenset()):
    """Words in capitals that are compared; `helpers` are names of functions that assert."""
    tree, found = ast.parse(text), set()
    helpers = helpers | python_helpers(text)
    tables = {target.id: node.value for node in tree.body if isinstance(node, ast.Assign)
              for target in node.targets if isinstance(target, ast.Name)}
    for function in functions(tree):
        parts = list(asserted(function, helpers))
        bound, seen = list(bindings(function, tables)), set()
        wanted = set().union(*map(names_in, parts)) if parts else set()
        while wanted - seen:
            name = (wanted - seen).pop()
            seen.add(name)
            parts += [value for names, value in bound if name in names] + ([tables[name]] if name in tables else [])
            wanted |= set().union(*map(names_in, parts))
        found |= set().union(*map(words_in, parts)) if parts else set()
    return found
