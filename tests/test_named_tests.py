"""Documents that rest on tests name tests that there are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("security.md", "reliability.md")
_NAMED = re.compile(r"tests/[\w/]+\.py(?:::\w+)?")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_a_document_names_is_there(document):
    named = set(_NAMED.findall((ROOT / "docs" / document).read_text("utf-8")))
    assert len(named) >= 10
    assert {name for name in named if not _is_there(name)} == set()


def _is_there(name: str) -> bool:
    file, _, test = name.partition("::")
    if not (ROOT / file).is_file():
        return False
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    tests = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return not test or test in tests
