"""Examples: those of docstrings, of the README, and the notebook; and the types."""

import ast
import doctest
import importlib.metadata
import inspect
import pathlib
import re
import subprocess
import sys

import pytest

import cairn_kmeans
from cairn_kmeans import _cairn, _functions, _kmeans, _minibatch

ROOT = pathlib.Path(__file__).parent.parent


@pytest.mark.parametrize("module", [cairn_kmeans, _functions, _kmeans, _minibatch])
def test_docstrings(module):
    done = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.failed == 0 and done.attempted > 0


def test_everything_public_is_documented():
    public = [getattr(cairn_kmeans, name) for name in cairn_kmeans.__all__ if name != "__version__"]
    methods = [member for name, member in vars(cairn_kmeans.KMeans).items() if not name.startswith("_")]
    methods = [getattr(member, "__func__", getattr(member, "fget", member)) for member in methods]
    for thing in public + methods:
        assert thing.__doc__, thing
        if inspect.isfunction(thing) and thing.__name__ != "model_" or thing is cairn_kmeans.KMeans:
            assert "    >>> " in thing.__doc__, thing


def test_the_readme_prints_what_it_shows():
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.S)
    assert blocks
    for code, shown in blocks:
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ran.stdout == shown


def test_the_package_has_its_licences_and_describes_itself():
    package = importlib.metadata.distribution("cairn-kmeans")
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        [path] = [path for path in package.files if path.name == name]
        assert "Permission is hereby granted" in path.read_text() or "Apache License" in path.read_text()
    assert package.metadata["License-Expression"] == "MIT OR Apache-2.0"
    # one reader of metadata has the text as a header, another one as the body
    text = package.metadata["Description"] or package.metadata.get_payload()
    assert text.strip().startswith("# cairn-kmeans for Python")


def test_the_stub_names_what_is_compiled():
    stub = ast.parse((ROOT / "cairn_kmeans/_cairn.pyi").read_text())
    names = {node.name for node in stub.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    assert names == {name for name in dir(_cairn) if not name.startswith("_")}
    for node in stub.body:
        if isinstance(node, ast.ClassDef) and node.name in ("Fit", "Model"):
            members = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
            members |= {part.target.id for part in node.body if isinstance(part, ast.AnnAssign)}
            assert members == {name for name in dir(getattr(_cairn, node.name)) if not name.startswith("_")}


def test_the_notebook_runs():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(ROOT / "examples/digits.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT / "examples")}}).execute()
    text = "".join(str(output) for cell in notebook.cells for output in cell.get("outputs", []))
    assert "error" not in {output.output_type for cell in notebook.cells for output in cell.get("outputs", [])}
    assert "of the rows that took no part are named rightly" in text
