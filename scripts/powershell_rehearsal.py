"""Walks through a PowerShell script by tree-sitter's tree, with the cmdlets of whoever calls it in place of Windows'.

No PowerShell: the part of the language that our scripts use, after about_Language and in the strict mode that they set. What is
not known here ends the rehearsal. It says what the script does if the language is understood rightly, and no more.
"""

from powershell_cmdlets import text

SWITCHES = {"force", "recurse", "wait", "passthru", "assecurestring", "deletekey"}


class ScriptError(Exception):
    """A terminating error of the script."""


class Exited(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Returned(Exception):
    def __init__(self, outputs):
        super().__init__()
        self.outputs = outputs


class Thing:
    """An object with properties, whose names have no case."""

    def __init__(self, **properties):
        self.properties = {name.lower(): value for name, value in properties.items()}


class Rehearsal:
    """`host.cmdlet(name, parameters, positional, input)` gives a list of outputs; `host.static`, `host.method`: .NET's."""

    def __init__(self, host):
        self.host = host
        self.functions = {}
        self.scopes = [{"true": True, "false": False, "null": None, "pid": 1, "pscommandpath": "C:\\script.ps1"}]

    def run(self, root, parameters):
        self.scopes[0].update({"check": False, "remove": False, "machine": False, **parameters})
        try:
            self.statements(root)
        except Exited as ended:
            return ended.code
        except ScriptError as error:
            self.host.said.append(f"error: {error}")
            return 1
        return 0

    def statements(self, node):
        outputs = []
        for child in node.children:
            if child.is_named and child.type not in ("comment", "param_block"):
                try:
                    outputs += self.statement(child)
                except Returned as returned:
                    raise Returned(outputs + returned.outputs) from None
        return outputs

    def statement(self, node):
        kind = node.type
        if kind in ("statement_list", "statement_block", "script_block", "script_block_body"):
            return self.statements(node)
        if kind == "function_statement":
            self.functions[text(child_of(node, "function_name")).lower()] = node
            return []
        if kind == "if_statement":
            blocks = [child for child in node.children if child.is_named]
            condition, block, *rest = blocks
            if truth(self.value(condition)):
                return self.statements(block)
            return self.statements(child_of(rest[0], "statement_block")) if rest else []
        if kind == "foreach_statement":
            variable, items, block = [child for child in node.children if child.is_named]
            outputs = []
            for item in as_list(self.value(items)):
                self.scopes[-1][text(variable)[1:].lower()] = item
                outputs += self.statements(block)
            return outputs
        if kind == "try_statement":
            return self.trying(node)
        if kind == "flow_control_statement":
            word = node.children[0].type
            values = self.outputs(node.children[1]) if len(node.children) > 1 else []
            if word == "return":
                raise Returned(values)
            if word == "throw":
                raise ScriptError(str(single(values)))
            if word == "exit":
                raise Exited(single(values))
        return self.outputs(node)

    def trying(self, node):
        block, *clauses = [child for child in node.children if child.is_named]
        clauses = [inner for clause in clauses for inner in (clause.children if clause.type == "catch_clauses" else [clause])]
        try:
            return self.statements(block)
        except ScriptError as error:
            caught = next((clause for clause in clauses if clause.type == "catch_clause"), None)
            if caught is None:
                raise
            self.scopes[-1]["_"] = Thing(Exception=Thing(Message=str(error)))
            return self.statements(child_of(caught, "statement_block"))
        finally:
            for clause in clauses:
                if clause.type == "finally_clause":
                    self.statements(child_of(clause, "statement_block"))

    def outputs(self, node):
        """What a pipeline gives, as a list."""
        if node.type in ("pipeline", "pipeline_chain"):
            parts = [child for child in node.children if child.is_named]
            given = None
            for part in parts:
                given = self.command(part, given) if part.type == "command" else self.outputs(part)
            return given
        if node.type == "command":
            return self.command(node, None)
        if node.type == "assignment_expression":
            self.assign(node)
            return []
        found = self.value(node)
        return [] if found is NOTHING else list(found) if isinstance(found, list) else [found]

    def assign(self, node):
        left, operator, right = [child for child in node.children if child.is_named]
        outputs = self.outputs(right)
        # What an array expression gives stays an array, of one element too.
        value = outputs if inner(right).type == "array_expression" else single(outputs)
        target = inner(left)
        if target.type == "member_access":
            owner, key = [child for child in target.children if child.is_named]
            self.value(owner)[text(key)] = value
        elif text(operator) == "+=":
            name = text(target)[1:].lower()
            self.scopes[-1][name] = [*as_list(self.look(name)), *as_list(value)]
        else:
            self.scopes[-1][text(target)[1:].lower()] = value

    def look(self, name):
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        raise ScriptError(f"the variable ${name} is not set")

    def command(self, node, given):
        name = text(child_of(node, "command_name"))
        parameters, positional = {}, []
        elements = [child for outer in node.children if outer.type == "command_elements" for child in outer.children if child.is_named and child.type != "command_argument_sep"]
        while elements:
            element = elements.pop(0)
            if element.type == "command_parameter":
                key = text(element)[1:]
                parameters[key] = True if key.lower() in SWITCHES or not elements else self.argument(elements.pop(0))
            elif text(element).startswith("@") and text(element)[1:].isalnum():
                parameters.update(self.look(text(element)[1:].lower()))
            else:
                positional.append(element if text(element).startswith("{") else self.argument(element))
        function = self.functions.get(name.lower())
        if function is not None:
            return self.call(function, positional)
        if name in ("Where-Object", "ForEach-Object"):
            return self.each(name, positional[0], given)
        return self.host.cmdlet(name, {key.lower(): value for key, value in parameters.items()}, positional, given)

    def argument(self, node):
        return text(node) if inner(node).type == "generic_token" else self.value(node)

    def call(self, function, values):
        names = [text(child_of(each, "variable"))[1:].lower() for outer in function.children if outer.type == "function_parameter_declaration"
                 for listing in outer.children if listing.type == "parameter_list" for each in listing.children if each.type == "script_parameter"]
        self.scopes.append(dict(zip(names, values)))
        try:
            return [output for child in function.children if child.type in ("script_block", "statement_list", "script_block_body") for output in self.statements(child)]
        except Returned as returned:
            return returned.outputs
        finally:
            self.scopes.pop()

    def each(self, name, block, given):
        results = []
        for item in given:
            self.scopes.append({"_": item})
            found = [output for child in walk_to_block(block) for output in self.statement(child)]
            self.scopes.pop()
            results += ([item] if truth(single(found)) else []) if name == "Where-Object" else found
        return results

    def value(self, node):
        node = inner(node)
        kind = node.type
        named = [child for child in node.children if child.is_named]
        if kind in ("pipeline_chain", "pipeline", "command", "assignment_expression"):
            return single(self.outputs(node))
        if kind == "variable":
            return self.look(text(node)[1:].lower())
        if kind == "verbatim_string_characters":
            return text(node)[1:-1].replace("''", "'")
        if kind == "expandable_string_literal":
            return self.expanded(node)
        if kind == "decimal_integer_literal":
            return int(text(node))
        if kind in ("parenthesized_expression", "sub_expression"):
            return single([output for child in named for output in self.outputs(child)])
        if kind == "array_expression":
            return [output for child in named for output in self.statement(child)]
        if kind == "array_literal_expression":
            return [self.value(child) for child in named]
        if kind == "hash_literal_expression":
            entries = [entry for body in named for entry in body.children if entry.type == "hash_entry"]
            return {text(child_of(entry, "key_expression")): self.value(child_of(entry, "pipeline")) for entry in entries}
        if kind == "cast_expression":
            return cast(text(named[0]).strip("[]").lower(), self.value(named[1]))
        if kind == "expression_with_unary_operator":
            operand = self.value(named[-1])
            return [operand] if text(node).startswith(",") else not truth(operand)
        if kind == "logical_expression":
            left = truth(self.value(named[0]))
            either = node.children[1].type.lower() == "-or"
            return left if left == either else truth(self.value(named[-1]))
        if kind == "comparison_expression":
            return compare(text(named[1]).lower(), self.value(named[0]), self.value(named[2]))
        if kind == "additive_expression":
            return str(self.value(named[0])) + str(self.value(named[-1]))
        if kind == "format_expression":
            return self.value(named[0]).replace("{0}", str(self.value(named[-1])))
        if kind == "member_access":
            key = inner(named[1])
            name = self.value(key) if key.type == "variable" else text(key)
            if named[0].type == "type_literal":
                return self.host.static(text(named[0]).strip("[]"), name, None)
            return member(self.value(named[0]), name)
        if kind == "invokation_expression":
            values = [self.value(each) for each in arguments(child_of(node, "argument_list"))]
            if named[0].type == "type_literal":
                return self.host.static(text(named[0]).strip("[]"), text(named[1]), values)
            return self.host.method(self.value(named[0]), text(named[1]), values)
        raise NotImplementedError(f"{kind}: {text(node)}")

    def expanded(self, node):
        written, at = "", node.start_byte + 1
        source = node.text.decode()
        for child in (child for child in node.children if child.type in ("variable", "sub_expression")):
            written += source[at - node.start_byte:child.start_byte - node.start_byte]
            written += str(self.value(child))
            at = child.end_byte
        return written + source[at - node.start_byte:-1]


NOTHING = object()


def inner(node):
    """Past the levels of precedence that say nothing here."""
    while len(node.children) == 1 and node.children[0].is_named and node.type not in ("command", "expandable_string_literal"):
        node = node.children[0]
    return node


def child_of(node, kind):
    return next(child for child in node.children if child.type == kind)


def arguments(node):
    found = []
    for child in (inner(child) for child in node.children if child.is_named):
        found += [each for each in child.children if each.is_named] if child.type == "argument_expression_list" else [child]
    return found


def walk_to_block(node):
    block = inner(node)
    return [child for child in block.children if child.is_named]


def member(owner, name):
    if isinstance(owner, dict):
        return owner.get(name)
    if isinstance(owner, Thing) and name.lower() in owner.properties:
        return owner.properties[name.lower()]
    if name.lower() == "count":
        return 0 if owner is None else len(owner) if isinstance(owner, list) else 1
    raise ScriptError(f"The property '{name}' cannot be found on this object.")


def compare(operator, left, right):
    if operator in ("-contains", "-notcontains"):
        return (any(equal(each, right) for each in as_list(left))) == (operator == "-contains")
    if operator in ("-lt", "-gt"):
        return left < right if operator == "-lt" else left > right
    return equal(left, right) == (operator == "-eq")


def equal(left, right):
    if isinstance(left, str) and isinstance(right, (str, int)) and not isinstance(right, bool):
        return left.lower() == str(right).lower()
    return left == right


def cast(kind, value):
    return {"string": str, "int": int, "bool": truth}[kind](value)


def truth(value):
    return truth(value[0]) if isinstance(value, list) and len(value) == 1 else bool(value)


def single(outputs):
    return None if not outputs else outputs[0] if len(outputs) == 1 else outputs


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]
