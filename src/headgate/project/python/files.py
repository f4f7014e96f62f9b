"""A Python file below ``assets/``: its decorated functions, read from the text. Nothing of it is run.

What the decorator says must be literals, and an annotation must name one of the forms that a table can come in: so the
graph of a repository can be known without importing anybody's libraries.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace

from headgate.core.address import fault_in_part
from headgate.core.declarations import DeclaredColumn
from headgate.core.diagnostic import Place
from headgate.core.hashing import digest
from headgate.core.limits import Limits
from headgate.core.python import Form, NamedInput
from headgate.project.forms.loading import OF_LOADING
from headgate.project.pieces import PythonFunction, Stated, StatedKey, Statement
from headgate.project.python.code import ModuleCode, bare
from headgate.project.text import Text, did_you_mean
from headgate.project.units import bytes_of, seconds_of

_KEYS = (
    "inputs", "columns", "owner", "description", "tags", "deterministic", "reads", "rows", "variables",
    "network", "timeout", "memory", "cron",
)  # fmt: skip

_EXAMPLE = 'Write `@hg.table(inputs={"flights": "staging.flights"})` with literals only.'
_FORMS = f"It may be {', '.join(f.value for f in Form)}."


def parsed(source: Text) -> ast.Module | None:
    """Return the tree of a Python text; where it cannot be read, that becomes a fault."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a dubious escape is the user's business
            return ast.parse(source.text)
    except SyntaxError as error:
        place = source.place(min(error.lineno or 1, source.text.count("\n") + 1), max(error.offset or 1, 1))
        source.fault("HG330", f"this is not Python: {error.msg}", place)
    except (ValueError, RecursionError, MemoryError) as error:
        source.fault("HG330", f"this Python cannot be read: {error}", source.place())
    return None


def read_functions(source: Text) -> tuple[PythonFunction, ...]:
    """Return the decorated functions of a file; what is wrong with them becomes faults."""
    tree = parsed(source)
    if tree is None:
        return ()
    names = _imports(tree)
    found = [
        (node, decorator)
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for decorator in node.decorator_list
        if _dotted(decorator.func if isinstance(decorator, ast.Call) else decorator, names) == "headgate.table"
    ]
    _refuse_inner(tree, source, names)
    read = [_Reader(source, names, node, decorator) for node, decorator in found]
    functions = [reader.read() for reader in read]
    for node, decorator in found:
        if isinstance(node, ast.FunctionDef):
            bare(node, decorator)
    module = ModuleCode(tree, source.text, [node for node, _ in found])
    return tuple(
        replace(function, code=digest("python", module.function(node), function.code))
        for function, (node, _) in zip(functions, found, strict=True)
        if function is not None
    )


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return what the names that the module imports mean, in full."""
    names: dict[str, str] = {}
    for node in tree.body:
        inner = node.body if isinstance(node, ast.If) else [node]  # if TYPE_CHECKING:
        for one in inner:
            if isinstance(one, ast.Import):
                for alias in one.names:
                    first = alias.name.partition(".")[0]
                    names[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(one, ast.ImportFrom) and not one.level and one.module:
                names.update({alias.asname or alias.name: f"{one.module}.{alias.name}" for alias in one.names})
    return names


def _dotted(node: ast.expr | None, names: dict[str, str]) -> str:
    """Return the full dotted name that an expression is, or nothing."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def _refuse_inner(tree: ast.Module, source: Text, names: dict[str, str]) -> None:
    """Note a fault for every decorated function that does not stand at the top of its file."""
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and id(node) not in top:
            for one in node.decorator_list:
                if _dotted(one.func if isinstance(one, ast.Call) else one, names) == "headgate.table":
                    place = source.place(node.lineno, node.col_offset + 1)
                    hint = "Move it to the top level of its file."
                    source.fault("HG331", f"{node.name} stands inside of something else", place, hint)


def _is_text(node: ast.expr) -> bool:
    """Tell whether every text in a value can be stored: Python's may hold halves of surrogate pairs."""
    texts = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))
    return not any("\ud800" <= character <= "\udfff" for text in texts for character in text)


class _Reader:
    """Reads one function; what cannot be used becomes a fault and counts as not given."""

    def __init__(
        self,
        source: Text,
        names: dict[str, str],
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        decorator: ast.expr,
    ) -> None:
        self.source = source
        self.names = names
        self.node = node
        self.decorator = decorator
        self.given: dict[str, ast.expr] = {}

    def read(self) -> PythonFunction | None:
        if isinstance(self.node, ast.AsyncFunctionDef):
            self._fault(self.node, "an asset cannot be an async function", "Write `def`.")
            return None
        if fault := fault_in_part(self.node.name):
            self._fault(self.node, fault, "Rename the function.", code="HG107")
            return None
        self._take_keywords()
        limits = Limits(self._measure("timeout", seconds_of), self._measure("memory", bytes_of))
        deterministic, network = self._flag("deterministic"), self._flag("network")
        return PythonFunction(
            name=self.node.name,
            place=self._place(self.node),
            inputs=self._inputs(),
            code=digest("python options", network),
            statement=self._statement(),
            reads=self._reads(),
            row_reads=None if "rows" not in self.given else self._pairs("rows", self.given["rows"]),
            variables=self._texts("variables"),
            is_deterministic=deterministic,
            is_networked=network,
            limits=limits,
        )

    def _take_keywords(self) -> None:
        call = self.decorator
        if not isinstance(call, ast.Call):
            return self._fault(call, "the decorator has to be called", "Write `@hg.table()`.")
        for argument in call.args:
            self._fault(argument, "the decorator takes its arguments by name", _EXAMPLE)
        for keyword in call.keywords:
            if keyword.arg is None:
                self._fault(keyword.value, "the decorator's arguments have to stand in it", _EXAMPLE)
            elif keyword.arg not in _KEYS:
                hint = did_you_mean(keyword.arg, _KEYS, f"Known are {', '.join(_KEYS)}.")
                if keyword.arg == "kind" or keyword.arg in OF_LOADING:
                    hint = "A function makes a whole table each time: an incremental in SQL may read it."
                self._fault(keyword.value, f"unknown argument {keyword.arg}", hint)
            elif not _is_text(keyword.value):
                hint = "Half of a surrogate pair is no character: take it out."
                self._fault(keyword.value, f"{keyword.arg} cannot be written as UTF-8", hint)
            else:
                self.given[keyword.arg] = keyword.value
        return None

    # Values ----------------------------------------------------------------------------------------------------------

    def _literal(self, key: str) -> object:
        """Return the value of an argument; None where it is not given, or is no literal."""
        node = self.given.get(key)
        if node is None:
            return None
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            self._fault(node, f"{key} has to be written in literals", _EXAMPLE)
            del self.given[key]
            return None

    def _flag(self, key: str) -> bool:
        value = self._literal(key)
        if value is not None and not isinstance(value, bool):
            self._fault(self.given[key], f"{key} is True or False", "")
        return value is True

    def _text(self, key: str) -> Stated | None:
        value = self._literal(key)
        if value is None:
            return None
        if isinstance(value, str):
            return Stated(value, self._place(self.given[key]))
        self._fault(self.given[key], f"{key} has to be a text", "")
        return None

    def _measure(self, key: str, read: Callable[[str], int | None]) -> int:
        text = self._text(key)
        if text is None:
            return 0
        if value := read(text.value):
            return value
        example = "10 minutes" if key == "timeout" else "2 GB"
        self._fault(self.given[key], f"{text.value!r} is not a {key}", f'Write for example "{example}".')
        return 0

    def _texts(self, key: str) -> tuple[Stated, ...]:
        if self._literal(key) is None:
            return ()
        node = self.given[key]
        if isinstance(node, (ast.List, ast.Tuple)):
            items = [i for i in node.elts if isinstance(i, ast.Constant) and isinstance(i.value, str)]
            if len(items) == len(node.elts):
                return tuple(Stated(str(i.value), self._place(i)) for i in items)
        self._fault(node, f"{key} has to be a list of texts", "")
        return ()

    def _items(self, key: str) -> Iterator[tuple[str, ast.expr]]:
        """Yield the keys of a mapping, each with the tree of its value."""
        if self._literal(key) is None:
            return
        node = self.given[key]
        if not isinstance(node, ast.Dict):
            return self._fault(node, f"{key} has to be a mapping", _EXAMPLE)
        seen: set[str] = set()
        for name, value in zip(node.keys, node.values, strict=True):
            if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
                self._fault(name or value, f"the keys of {key} have to be texts", _EXAMPLE)
            elif name.value in seen:
                self._fault(name, f"{name.value} stands twice in {key}", "")
            else:
                seen.add(name.value)
                yield name.value, value

    # What the function is --------------------------------------------------------------------------------------------

    def _inputs(self) -> tuple[NamedInput, ...]:
        arguments = self.node.args
        parameters = {a.arg: a for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
            self._fault(self.node, "every parameter has to have a name", "Take `*` and `/` out.")
        found: list[NamedInput] = []
        said = dict(self._items("inputs"))
        for name, value in said.items():
            if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
                self._fault(value, f"the input {name} has to name a table", _EXAMPLE)
            elif name not in parameters:
                hint = did_you_mean(name, parameters, f"Its parameters are {', '.join(parameters) or 'none'}.")
                self._fault(value, f"{self.node.name} has no parameter {name}", hint, code="HG332")
            else:
                form = self._form(parameters[name])
                found.append(NamedInput(name, value.value, form, self._place(value)))
        free = len(arguments.args) - len(arguments.defaults)
        optional = {a.arg for a in arguments.args[free:]} | {
            a.arg for a, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is not None
        }
        for name, parameter in parameters.items():
            if name not in said and name not in optional:
                hint = f'Add it to inputs: `"{name}": "SCHEMA.NAME"`.'
                self._fault(parameter, f"the parameter {name} receives nothing", hint, code="HG332")
        return tuple(found)

    def _form(self, parameter: ast.arg) -> Form:
        annotation = parameter.annotation
        if annotation is None:
            hint = f"Say what it receives: `{parameter.arg}: pl.DataFrame`. {_FORMS}"
            self._fault(parameter, f"the parameter {parameter.arg} has no annotation", hint, code="HG333")
            return Form.ARROW_STREAM
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value, mode="eval").body
            except (SyntaxError, ValueError):
                annotation = None
        name = _dotted(annotation, self.names)
        head, _, rest = name.partition(".")
        name = f"{ {'pl': 'polars', 'pd': 'pandas', 'pa': 'pyarrow'}.get(head, head) }.{rest}" if rest else name
        name = _INNER.get(name, name)
        try:
            return Form(name)
        except ValueError:
            self._fault(parameter, f"{parameter.arg}: no table comes as {name or 'that'}", _FORMS, code="HG333")
            return Form.ARROW_STREAM

    def _statement(self) -> Statement:
        place, cron = self._place(self.node), self._text("cron")
        return Statement(
            name="",
            section="",
            place=place,
            owner=self._text("owner"),
            description=self._text("description"),
            tags=self._texts("tags"),
            columns=tuple(self._columns()),
            loading=(StatedKey("cron", "cron", (cron,)),) if cron else (),
        )

    def _columns(self) -> Iterator[DeclaredColumn]:
        for name, value in self._items("columns"):
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value.strip():
                yield DeclaredColumn(name, value.value, place=self._place(value))
            else:
                self._fault(value, f"the column {name} has to have a type", 'Write for example "carrier": "VARCHAR".')

    def _reads(self) -> dict[str, tuple[tuple[str, str], ...]] | None:
        if "reads" not in self.given:
            return None
        return {column: self._pairs("reads", value) for column, value in self._items("reads")}

    def _pairs(self, key: str, node: ast.expr) -> tuple[tuple[str, str], ...]:
        """Return a list of ``parameter.column`` as pairs."""
        items = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
        found: list[tuple[str, str]] = []
        for item in items:
            text = item.value if isinstance(item, ast.Constant) and isinstance(item.value, str) else ""
            parameter, dot, column = text.partition(".")
            if dot and parameter and column:
                found.append((parameter, column))
            else:
                self._fault(item, f"{key} names columns as PARAMETER.COLUMN", 'Write for example "flights.carrier".')
        return tuple(found)

    # Places ----------------------------------------------------------------------------------------------------------

    def _place(self, node: ast.AST) -> Place:
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        # The tree counts bytes of UTF-8, places count characters.
        before = self.source.line(line).encode("utf-8")[:column].decode("utf-8", "replace")
        end = getattr(node, "end_col_offset", 0) if getattr(node, "end_lineno", 0) == line else 0
        length = max(0, end - column) if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else 0
        return self.source.place(line, len(before) + 1, length)

    def _fault(self, node: ast.AST, summary: str, hint: str, code: str = "HG331") -> None:
        self.source.fault(code, summary, self._place(node), hint)


_INNER = {
    "pyarrow.lib.Table": "pyarrow.Table",
    "pyarrow.lib.RecordBatchReader": "pyarrow.RecordBatchReader",
    "polars.dataframe.frame.DataFrame": "polars.DataFrame",
    "polars.lazyframe.frame.LazyFrame": "polars.LazyFrame",
}
