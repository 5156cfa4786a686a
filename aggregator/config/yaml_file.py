"""A YAML file as plain data, with the line of every key."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from aggregator.config.problems import Place, Problem, key_of

_DEEPEST = 16  # an anchor that holds its own alias has no end
_SYNTAX = (  # what ruamel.yaml says of it, what a person is told
    ("'\\t'", "a tab", "YAML is indented by spaces alone"),
    ("alias", "an alias that leads nowhere", "put quotes around text that begins with *"),
    ("anchor", "an anchor out of place", "put quotes around text that begins with &"),
    ("tag", "a tag out of place", "put quotes around text that begins with !"),
    ("another document", "a second document", "the file is one document: remove the ---"),
    (
        "mapping values are not allowed",
        "a colon where none can stand",
        "check the indentation, and put quotes around text that holds a colon and a space",
    ),
)


class UnreadableError(Exception):
    """The file gives no data at all; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class YamlFile:
    """What a YAML file holds. A key without a value is left out, as if it were not there.

    `data` is plain data, `lines` the line (from 1) of each key and list entry, `problems` the
    keys that stand twice and the values that are none. No problem quotes the file's text, as
    that may be a password. Raises UnreadableError when there is no such file or no YAML in it.
    """

    def __init__(self, path: Path) -> None:
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        self._file = str(path)
        self._yaml = YAML(typ="safe", pure=True)
        root = self._compose(self._text(path))
        self.data: dict[str, Any] = {}
        if isinstance(root, MappingNode):
            self.data = self._mapping(root, ())
        elif root is not None:
            raise self._unreadable(1, "something else", "the file has keys, the first is `feeds:`")

    def _text(self, path: Path) -> str:
        try:
            return path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            wanted = "save the file as UTF-8"
            raise self._unreadable(line, "bytes that are not UTF-8", wanted) from error
        except FileNotFoundError as error:
            wanted = "name the file with --config, or make one with `aggregator init`"
            raise self._unreadable(None, "no such file", wanted) from error
        except OSError as error:
            found = error.strerror or type(error).__name__
            raise self._unreadable(None, found, "a file that can be read is wanted") from error

    def _compose(self, text: str) -> Node | None:
        try:
            root: Node | None = self._yaml.compose(text)
        except ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self._unreadable(line, "a control character", "remove it") from error
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            said = str(error.problem or error.context)
            for part, found, wanted in _SYNTAX:
                if part in said:
                    raise self._unreadable(line, found, wanted) from error
            wanted = "check indentation, brackets and quotes"
            raise self._unreadable(line, f"no YAML ({said})", wanted) from error
        return root

    def _read(self, node: Node, place: Place) -> Any:
        if len(place) > _DEEPEST:
            wanted = "does an alias (*) stand inside its own anchor (&)?"
            raise self._unreadable(node.start_mark.line + 1, "endless nesting", wanted)
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            for index, entry in enumerate(node.value):
                self.lines[(*place, index)] = entry.start_mark.line + 1
            return [self._read(entry, (*place, i)) for i, entry in enumerate(node.value)]
        try:
            return self._yaml.constructor.construct_object(node)
        except (YAMLError, ValueError):
            wanted = "put quotes around text that begins with ! or looks like a date"
            self._add(node, place, "a value that YAML cannot make sense of", wanted)
            return None

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        section: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else "?"
            here = (*place, key)
            if here in self.lines:
                wanted = f"it stands in line {self.lines[here]} already: remove one of the two"
                self._add(key_node, here, f'the key "{key}" again', wanted)
                continue
            self.lines[here] = key_node.start_mark.line + 1
            value = self._read(value_node, here)
            if value is not None:
                section[key] = value
        return section

    def _add(self, node: Node, place: Place, found: str, wanted: str) -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(found, wanted, key_of(place), self._file, line))

    def _unreadable(self, line: int | None, found: str, wanted: str) -> UnreadableError:
        return UnreadableError(Problem(found, wanted, file=self._file, line=line))
