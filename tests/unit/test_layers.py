"""The arrows of the architecture, held by reading every import.

``tachyon`` is parsed, not run, so that imports inside functions and under
``TYPE_CHECKING`` count too. To add an arrow is a decision about the
architecture: see doc/source/contributor/layout.rst.
"""

import ast
import dataclasses
import pathlib
from collections.abc import Iterator

import testtools

ROOT = pathlib.Path(__file__).parents[2]
LINES_MAX = 600

# What everybody may import.
COMMON = frozenset({
    "tachyon", "tachyon.conf", "tachyon.exception", "tachyon.context",
    "tachyon.policy", "tachyon.policies", "tachyon.backend",
    "tachyon.plugins", "tachyon.files", "tachyon.shared", "tachyon.grouping",
})
STORE = frozenset({"tachyon.db.base", "tachyon.db.models"})

# Unit: the units that it may import besides itself and COMMON. The units are
# tried from the longest name on: tachyon.db.base is not part of tachyon.db.
ARROWS: dict[str, frozenset[str]] = {
    "tachyon": frozenset(),
    "tachyon.backend": frozenset(),
    "tachyon.conf": frozenset(),
    "tachyon.context": frozenset(),
    "tachyon.defaults": frozenset({"tachyon.rpc"}),
    "tachyon.exception": frozenset(),
    "tachyon.files": frozenset(),
    "tachyon.grouping": frozenset(),
    "tachyon.plugins": frozenset(),
    "tachyon.policies": frozenset(),
    "tachyon.policy": frozenset(),
    "tachyon.shared": frozenset(),
    "tachyon.objects": frozenset(),
    "tachyon.db.models": frozenset(),
    "tachyon.db.base": frozenset({"tachyon.db.models"}),
    "tachyon.db": STORE,
    # What drivers have in common.
    "tachyon.db.common": STORE,
    "tachyon.db.neo4j": STORE | {"tachyon.db.common"},
    "tachyon.db.sqlite": STORE | {"tachyon.db.common"},
    "tachyon.rpc": frozenset({"tachyon.objects"}),
    "tachyon.placement": STORE | {"tachyon.objects"},
    "tachyon.instances": STORE | {"tachyon.objects", "tachyon.placement",
                                  "tachyon.rpc"},
    "tachyon.service": frozenset({"tachyon.objects", "tachyon.rpc"}),
    "tachyon.api": STORE | {"tachyon.defaults", "tachyon.instances",
                            "tachyon.objects", "tachyon.placement",
                            "tachyon.rpc", "tachyon.service"},
    "tachyon.scheduler": STORE | {"tachyon.instances", "tachyon.objects",
                                  "tachyon.placement", "tachyon.rpc",
                                  "tachyon.service"},
    "tachyon.transfer": STORE,
    # The compute holds no credentials of the store.
    "tachyon.compute": frozenset({"tachyon.objects", "tachyon.rpc",
                                  "tachyon.service"}),
}
# These put the parts together, and may import everything but a driver.
ASSEMBLERS = frozenset({"tachyon.cmd", "tachyon.deploy"})
UNITS = sorted({*ARROWS, *ASSEMBLERS}, key=len, reverse=True)

# Library: the modules and packages that may import it.
HOMES = {
    "waitress": {"tachyon.api"},
    "eventlet": set(),
    "flask": {"tachyon.api"},
    "highspy": {"tachyon.placement.programs"},
    "keystonemiddleware": {"tachyon.api"},
    "keystoneauth1": {"tachyon.api", "tachyon.transfer",
                      "tachyon.conf.neutron",
                      "tachyon.scheduler.networks.neutron"},
    "neo4j": {"tachyon.db.neo4j"},
    # It is answered without being there, and imported where third-party
    # plug-ins need it.
    "nova": {"tachyon.scheduler.third_party"},
    "openstack": {"tachyon.scheduler.networks.neutron"},
    "oslo_messaging": {"tachyon.rpc", "tachyon.service",
                       "tachyon.api.service", "tachyon.compute.service",
                       "tachyon.scheduler.service"},
    # Not everybody has it: see the extras.
    "sqlalchemy": {"tachyon.transfer.database",
                   "tachyon.scheduler.host_sources.nova"},
    "sqlite3": {"tachyon.db.sqlite"},
    "werkzeug": {"tachyon.api"},
}


@dataclasses.dataclass(frozen=True)
class Import:
    importer: str
    target: str
    line: int
    at_import: bool       # runs when the module is imported

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def unit_of(module: str) -> str:
    return next(unit for unit in UNITS if inside(module, unit))


def name_of(path: pathlib.Path, root: pathlib.Path = ROOT) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read(paths: list[pathlib.Path]) -> dict[str, ast.Module]:
    return {name_of(path): ast.parse(path.read_text(), str(path))
            for path in paths}


def statements(node: ast.AST, deferred: bool = False
               ) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Return each import below a node, and whether it runs at import."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, not deferred
            continue
        later = deferred or isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(
                child.test):
            later = True
        yield from statements(child, later)


def imports_of(importer: str, tree: ast.AST,
               modules: frozenset[str]) -> Iterator[Import]:
    for statement, at_import in statements(tree):
        if isinstance(statement, ast.Import):
            targets = [alias.name for alias in statement.names]
        else:
            base = statement.module or ""
            targets = [f"{base}.{alias.name}"
                       if f"{base}.{alias.name}" in modules else base
                       for alias in statement.names]
        for target in targets:
            yield Import(importer, target, statement.lineno, at_import)


def violation(found: Import) -> str | None:
    """Return what is wrong with an import, if anything."""
    importer, target = found.importer, found.target
    home = HOMES.get(target.split(".")[0])
    if home is not None:
        if any(inside(importer, package) for package in home):
            return None
        return f"{found}, which only {sorted(home)} may"
    if not inside(target, "tachyon"):
        return None
    here, there = unit_of(importer), unit_of(target)
    if here == there or there in COMMON:
        return None
    if here in ASSEMBLERS:
        if there.startswith("tachyon.db.") and there not in STORE:
            return f"{found}: drivers load by name, through tachyon.db.load"
        return None
    if there in ARROWS[here]:
        return None
    return f"{found}: no arrow from {here} to {there}"


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(group) > 1 or node in edges.get(node, ()):
                found.append(sorted(group))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def ancestors(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:i]) for i in range(1, len(parts))}


class TestTheRulesThemselves(testtools.TestCase):
    """A rule that can't fail holds nothing."""

    CASES = [
        ("an arrow", "tachyon.api.app", "tachyon.placement.manager", True),
        ("oneself", "tachyon.api.app", "tachyon.api.errors", True),
        ("common", "tachyon.objects.base", "tachyon.exception", True),
        ("records", "tachyon.scheduler.manager", "tachyon.db.models", True),
        ("api to scheduler", "tachyon.api.app", "tachyon.scheduler", False),
        ("scheduler to compute", "tachyon.scheduler.manager",
         "tachyon.compute.manager", False),
        ("upwards", "tachyon.placement.view", "tachyon.api.app", False),
        ("a driver", "tachyon.scheduler.manager", "tachyon.db.sqlite.driver",
         False),
        ("a driver, by a command", "tachyon.cmd.manage",
         "tachyon.db.sqlite.driver", False),
        ("the loader, by a command", "tachyon.cmd.manage", "tachyon.db.load",
         True),
        ("the loader, by a manager", "tachyon.instances.manager",
         "tachyon.db.load", False),
        ("the store, by a compute", "tachyon.compute.manager",
         "tachyon.db.models", False),
        ("sql at home", "tachyon.db.sqlite.driver", "sqlite3", True),
        ("sql elsewhere", "tachyon.placement.view", "sqlite3", False),
        ("flask at home", "tachyon.api.v1.docs", "flask", True),
        ("flask elsewhere", "tachyon.instances.manager", "flask", False),
        ("flask's other half", "tachyon.deploy", "werkzeug.test", False),
        ("the bus at home", "tachyon.rpc.transport", "oslo_messaging", True),
        ("the bus elsewhere", "tachyon.scheduler.manager",
         "oslo_messaging.rpc", False),
        ("eventlet", "tachyon.rpc.transport", "eventlet", False),
        ("nova", "tachyon.scheduler.nova.errors", "nova.exception", False),
    ]

    def test_arrows(self):
        for name, importer, target, allowed in self.CASES:
            with self.subTest(name):
                text = violation(Import(importer, target, 1, True))
                self.assertEqual(allowed, text is None, text)

    def test_imports_are_found_wherever_they_stand(self):
        tree = ast.parse(
            "import a.b\n"
            "from tachyon.db import base, load\n"
            "if TYPE_CHECKING:\n    import c\n"
            "def f():\n    from tachyon.conf import CONF\n"
            "class K:\n    import d\n"
            "try:\n    import e\nexcept ImportError:\n    import g\n")
        modules = frozenset({"tachyon.db.base", "tachyon.db.load",
                             "tachyon.conf"})
        found = [(each.target, each.at_import)
                 for each in imports_of("m", tree, modules)]
        self.assertEqual(
            [("a.b", True), ("tachyon.db.base", True),
             ("tachyon.db.load", True), ("c", False), ("tachyon.conf", False),
             ("d", True), ("e", True), ("g", True)], found)

    def test_circles(self):
        self.assertEqual([], circles({"a": {"b"}, "b": {"c"}, "c": set()}))
        self.assertEqual([["a", "b"]], circles({"a": {"b"}, "b": {"a"}}))
        self.assertEqual([["a"]], circles({"a": {"a"}}))
        self.assertEqual(
            [["b", "c", "d"]],
            circles({"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}}))


class TestLayers(testtools.TestCase):
    def setUp(self):
        super().setUp()
        paths = sorted((ROOT / "tachyon").rglob("*.py"))
        self.trees = read(paths)
        self.modules = frozenset(self.trees)
        self.assertIn("tachyon.db.base", self.modules)
        self.imports = [found for name, tree in self.trees.items()
                        for found in imports_of(name, tree, self.modules)]

    def test_imports_follow_the_arrows(self):
        wrong = [text for found in self.imports if (text := violation(found))]
        self.assertEqual([], wrong)

    def test_project_imports_are_of_modules(self):
        """``from tachyon.db import models``, never a name out of a module.

        A package's own door may hand out names from inside.
        """
        wrong = []
        for name, tree in self.trees.items():
            for statement, _ in statements(tree):
                source = getattr(statement, "module", None) or ""
                if not inside(source, "tachyon") or inside(source, name):
                    continue
                wrong += [
                    f"{name}:{statement.lineno} imports {alias.name}"
                    for alias in statement.names
                    if f"{source}.{alias.name}" not in self.modules]
        self.assertEqual([], wrong)

    def test_no_circles(self):
        edges: dict[str, set[str]] = {name: set() for name in self.modules}
        for found in self.imports:
            if found.at_import and found.target in self.modules:
                new = {found.target} | ancestors(found.target)
                edges[found.importer] |= (
                    new - ancestors(found.importer) - {found.importer})
                if found.target in ancestors(found.importer):
                    edges[found.importer].add(found.target)
        self.assertEqual([], circles(edges))

    def test_backend_is_chosen_first(self):
        for name in ("tachyon/cmd/__init__.py", "tests/__init__.py"):
            body = ast.parse((ROOT / name).read_text()).body
            if isinstance(body[0], ast.Expr):
                body = body[1:]
            self.assertEqual(["from tachyon import backend",
                              "backend.choose()"],
                             [ast.unparse(node) for node in body[:2]], name)

    def test_files_stay_small(self):
        paths = [path for top in ("tachyon", "tests", "tools")
                 for path in sorted((ROOT / top).rglob("*.py"))]
        lines = {name_of(path): path.read_text().count("\n")
                 for path in paths}
        self.assertEqual({}, {name: count for name, count in lines.items()
                              if count > LINES_MAX})
