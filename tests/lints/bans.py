"""Bans on source code (tenancy.md, decision 15): each found by its syntax tree, each with its reason."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_FILE = 400
#: A statement built from text needs this marker, with the reason, on its line or the line above.
SQL_MARKER = "# sql:"

KERNEL = ("shared_apps/core/", "shared_apps/tenants/")
_CONTEXTS = {"schema_context", "tenant_context", "platform_context", "host_context", "audit_context"}
_CONTEXT_VARIABLES = {"CURRENT", "HOST", "AUDIT"}
_EXECUTES = {"execute", "executemany", "raw", "RawSQL", "extra"}
_SETTERS = {"set_tenant", "set_schema", "set_schema_to_public"}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One broken rule."""

    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def _called(node: ast.AST) -> str:
    """Last part of the name of what is called, ``""`` for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def with_tenant(tree: ast.AST, _lines: list[str]) -> Iterator[int]:
    """``with tenant:`` keeps its state on the tenant object and races across threads: ``tenant_context``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                name = _name(item.context_expr)
                if name == "tenant" or name.endswith("_tenant"):
                    yield node.lineno


def context_as_decorator(tree: ast.AST, _lines: list[str]) -> Iterator[int]:
    """A context as a decorator binds when the module is read and leaks out of coroutines: use ``with``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                if (_called(decorator) or _name(decorator)) in _CONTEXTS:
                    yield decorator.lineno


def schema_of_connection(tree: ast.AST, _lines: list[str]) -> Iterator[int]:
    """``connection.schema_name`` and ``.tenant`` are wrong in coroutines: ``core.context.current_schema()``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("schema_name", "tenant"):
            owner = node.value
            if _name(owner) == "connection" or (
                isinstance(owner, ast.Subscript) and _name(owner.value) == "connections"
            ):
                yield node.lineno


def set_schema(tree: ast.AST, _lines: list[str]) -> Iterator[int]:
    """``connection.set_tenant()`` and its kin change the context for good: open a context instead."""
    for node in ast.walk(tree):
        if _called(node) in _SETTERS and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.lineno


def bare_publish(tree: ast.AST, _lines: list[str]) -> Iterator[int]:
    """``.delay()`` and ``.apply_async()`` lose the tenant and the transaction: ``core.background.enqueue``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("delay", "apply_async", "send_task"):
            yield node.lineno


def on_commit_publish(tree: ast.AST, _lines: list[str]) -> Iterator[int]:
    """``on_commit(lambda: task.delay())`` binds the tenant at commit: ``core.background.enqueue``."""
    for node in ast.walk(tree):
        if _called(node) == "on_commit":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Attribute) and inner.attr in ("delay", "apply_async", "enqueue"):
                    yield node.lineno
                    break


def _is_built_text(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(_is_text(side) for side in (node.left, node.right))
    if _called(node) == "format" and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _is_text(node.func.value)
    return _called(node) == "join" and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) \
        and _is_text(node.func.value)  # fmt: skip


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    return isinstance(node, ast.JoinedStr) or _is_built_text(node)


def built_sql(tree: ast.AST, lines: list[str]) -> Iterator[int]:
    """SQL made by f-string, %, + or format: parameters, or psycopg.sql, or a ``# sql:`` marker with the reason."""
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        built = {
            target.id
            for node in _own_nodes(scope)
            if isinstance(node, ast.Assign | ast.AugAssign) and _is_built_text(node.value)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        for node in _own_nodes(scope):
            if _called(node) not in _EXECUTES or not isinstance(node, ast.Call) or not node.args:
                continue
            first = node.args[0]
            if not (_is_built_text(first) or (isinstance(first, ast.Name) and first.id in built)):
                continue
            if not any(SQL_MARKER in line for line in lines[max(node.lineno - 2, 0) : node.end_lineno]):
                yield node.lineno


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a scope without those of the functions inside it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def context_variable(tree: ast.AST, _lines: list[str]) -> Iterator[int]:
    """``CURRENT.set()`` and its kin belong to the kernel: ``tenant_context``, ``bind_actor``."""
    for node in ast.walk(tree):
        if _called(node) in ("set", "reset") and isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute) and _name(function.value) in _CONTEXT_VARIABLES:
                yield node.lineno


def plain_signing(tree: ast.AST, _lines: list[str]) -> Iterator[int]:
    """Django's own signer is valid on every tenant's host (attack table, row 4): ``core.signing``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if node.module == "django.core.signing" or (node.module == "django.core" and "signing" in names):
                yield node.lineno


def too_long(_tree: ast.AST, lines: list[str]) -> Iterator[int]:
    """A file over 400 lines holds more than one idea."""
    if len(lines) > LONGEST_FILE:
        yield LONGEST_FILE


Check = Callable[[ast.AST, list[str]], Iterator[int]]


@dataclass(frozen=True, slots=True)
class Ban:
    """A rule, and the folders that are allowed to break it."""

    check: Check
    allowed: tuple[str, ...] = ()
    in_tests: bool = True

    @property
    def name(self) -> str:
        return self.check.__name__.replace("_", "-")

    @property
    def reason(self) -> str:
        return (self.check.__doc__ or "").strip()

    def applies_to(self, path: str) -> bool:
        """Whether a file, by its path from the repository's root, must keep the rule."""
        if path.startswith(("tests/", "bench/")) and not self.in_tests:
            return False
        return not path.startswith(self.allowed)


BANS = (
    Ban(with_tenant),
    Ban(context_as_decorator, in_tests=False),
    Ban(schema_of_connection, ("shared_apps/tenants/backend/",), in_tests=False),
    Ban(set_schema, ("shared_apps/tenants/backend/",)),
    Ban(bare_publish, ("shared_apps/core/",), in_tests=False),
    Ban(on_commit_publish),
    Ban(built_sql, in_tests=False),
    Ban(context_variable, KERNEL, in_tests=False),
    Ban(plain_signing, ("shared_apps/core/signing.py",), in_tests=False),
    Ban(too_long),
)
_ROOTS = ("shared_apps", "tenant_apps", "billing", "audit", "config", "tests", "bench")


def check_source(path: str, source: str) -> list[Finding]:
    """Findings in one file; ``path`` is relative to the repository."""
    tree, lines = ast.parse(source), source.splitlines()
    return sorted(
        Finding(path, line, ban.name, ban.reason)
        for ban in BANS
        if ban.applies_to(path)
        for line in ban.check(tree, lines)
    )


def check_repository(root: Path) -> list[Finding]:
    """Findings in every Python file of ours, migrations apart."""
    found: list[Finding] = []
    for folder in _ROOTS:
        for path in sorted((root / folder).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if "/migrations/" not in name:
                found += check_source(name, path.read_text())
    return found
