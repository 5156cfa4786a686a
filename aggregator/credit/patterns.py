"""The little language in which phrases are written, and what it compiles to.

    <this> [was] <first> <published> <at> {outlet}

    <word>      one of the words that the file lists under that name
    [ ... ]     may be missing
    (a | b)     one of these
    {outlet}    the outlet that is credited; at the end of a phrase its name is read from the text
    {relay}     the outlet through which it came: a distributor, a platform
    {title}     any words, such as a headline
    {when}      a date
    {date}      a date in figures, as East Asia writes it
    {year}      a year
    {initials}  of one or more authors
    {email}     an address that gives the outlet away
    {more}      a few words of the same sentence

A template gives two things: the words that a text must hold, by which phrases are found without
trying them, and a regular expression. All that repeats in the expression is bounded, so no text
can make it slow.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

Keys = list[frozenset[str]]

_TOKEN = re.compile(r"\s+|<(\w+)>|\{(\w+)\}|([\[\]()|])|([^\s<>{}\[\]()|]+)")
_KINDS = ("list", "slot", "mark", "word")
_DATE_FIGURE = r"\d[\d.:/ºª°]{0,9}(?:st|nd|rd|th|[ap]m)?,?(?!\w)"
_DATE_WORD = r"(?!(?:and|und|et|y|e|och|og|и|та|і|ve|dan|và|și|και)\s)[^\W\d_]{1,14}\.?,?"
_SLOTS = {
    "outlet": r"(?P<outlet>[^\n]{1,80}?)",
    "relay": r"(?P<relay>[^\n]{1,80}?)",
    "title": r"(?P<title>[^\n]{2,220}?)",
    "when": (
        rf"(?:{_DATE_WORD}\s+){{0,3}}?{_DATE_FIGURE}(?:\s+{_DATE_WORD}){{0,3}}?"
        rf"(?:\s+{_DATE_FIGURE}){{0,2}}"
    ),
    "date": r"(?:[\d/.:年月日時分\s]|[(（][月火水木金土日][)）]){3,30}",
    "year": r"(?:19|20)\d\d(?:\s*[-–,]\s*(?:19|20)\d\d)?",
    "initials": r"(?:[^\W\d_]{1,3}\.?[\s/,-]*){1,3}",
    "email": r"[\w.+-]{1,40}@(?P<email>(?:[\w-]{1,40}\.){1,4}[a-z]{2,12})",
    "more": r"(?:[^.;!?\n]|\.(?=\d)){1,60}?",
}
_NAMES = frozenset({"outlet", "relay"})  # whose end, at a phrase's end, is read from the text
_PUNCTUATION = re.compile(r"[:：,，.。;—–-]+")
_EITHER = {":": "[:：]", ",": "[,，、]", "—": "[-–—]+"}
_BREAKS = ".,:;!?()[]{}<>/\"'’“”„«»*|…—–-。，：；（）।۔؟،؛「」『』《》〈〉【】〔〕"
_SPACES = bytes(32 if chr(code) in _BREAKS else code for code in range(256))
# Most texts hold no other letters than ASCII's and these.
_PLAIN = (("’", " "), ("“", " "), ("”", " "), ("—", " "), ("–", " "), ("…", " "), ("\u0307", ""))
# A word ends where the next letter is none, or is a capital: tags were stripped without spaces.
_WORD_END = "(?-i:(?![a-zß-öø-ÿа-яёіїєґα-ωά-ώא-תء-يپچژکگی\u0900-\u0963]))"
FIRST_WORD = re.compile(r"[^\W_]+")
_SHORT = 3  # letters; a shorter word stands in every text


class _Node(NamedTuple):
    """One element of a template: a word, a list of words, a slot, or a group of sequences."""

    kind: str
    text: str = ""
    choices: "tuple[tuple[_Node, ...], ...]" = ()
    length: int = 0  # of the longest choice as it is written
    optional: bool = False


@dataclass(slots=True)
class Lists:
    """The word lists of one language's file."""

    words: Mapping[str, list[str]]
    spaced: bool  # whether the language puts spaces between words
    _keys: dict[str, frozenset[str]] = field(default_factory=dict)
    _firsts: dict[tuple[str, bool], frozenset[str]] = field(default_factory=dict)

    def keys_of(self, name: str) -> frozenset[str]:
        """For each word of a list the piece by which it is found; none where one has no such."""
        found = self._keys.get(name)
        if found is None:
            keys = {key_of(word, spaced=self.spaced) for word in self.words[name]}
            found = self._keys[name] = frozenset() if "" in keys else frozenset(keys)
        return found

    def firsts_of(self, name: str, *, listed: bool) -> frozenset[str]:
        """With which words those of a list begin, or a word; none where one begins with none."""
        found = self._firsts.get((name, listed))
        if found is None:
            words = self.words[name] if listed else [name]
            firsts = [FIRST_WORD.match(word.lower()) for word in words]
            found = frozenset(first[0] for first in firsts if first) if all(firsts) else frozenset()
            self._firsts[name, listed] = found
        return found


class Template:
    """One phrase as it is written, parsed."""

    def __init__(self, say: str, lists: Lists) -> None:
        """Parse a template. Raises ValueError, which says what is wrong with it."""
        self._lists = lists
        self._nodes = _Parser(say, lists).parse()
        last = self._nodes[-1]
        self.final = last.text if last.kind == "slot" and last.text in _NAMES else ""

    def keys(self, rarity: Callable[[str], int]) -> tuple[frozenset[str], ...]:
        """Words of which a text that holds the phrase holds one each, the rarest set first."""
        keys = [key for key in self._keys_of(self._nodes) if key]
        if self._lists.spaced:
            keys = [key for key in keys if max(map(len, key)) > _SHORT] or keys
        ranked = sorted((-min(map(rarity, key)), len(key), n) for n, key in enumerate(keys))
        return tuple(keys[n] for *_, n in ranked)

    def firsts(self) -> frozenset[str] | None:
        """The words that it may begin with; None where it may begin with anything."""
        found: set[str] = set()
        return frozenset(found) if self._begins(self._nodes, found) else None

    def pattern(self) -> re.Pattern[str]:
        """Matches at the beginning of a sentence; a name at the end of the phrase is left out."""
        captured: set[str] = set()
        nodes = self._nodes[:-1] if self.final else self._nodes
        source = self._source(nodes, captured) + (r"\s*" if self.final else "")
        return re.compile(source, re.IGNORECASE)

    def _begins(self, nodes: Iterable[_Node], found: set[str]) -> bool:
        """Gather the words that a sequence may begin with; False where that cannot be said."""
        for node in nodes:
            if node.kind == "group":
                if not all(self._begins(choice, found) for choice in node.choices):
                    return False
            elif node.kind in {"list", "word"}:
                words = self._lists.firsts_of(node.text, listed=node.kind == "list")
                if not words:
                    return False
                found |= words
            else:
                return False
            if not node.optional:
                return True
        return False

    def _keys_of(self, nodes: Iterable[_Node]) -> Keys:
        found: Keys = []
        for node in nodes:
            if node.optional or node.kind in {"slot", "punctuation"}:
                continue
            if node.kind == "word":
                found.append(frozenset({key_of(node.text, spaced=self._lists.spaced)} - {""}))
            elif node.kind == "list":
                found.append(self._lists.keys_of(node.text))
            else:
                each = [self._keys_of(choice) for choice in node.choices]
                best = [max(keys, key=_shortest, default=frozenset()) for keys in each]
                found.append(frozenset().union(*best) if all(best) else frozenset())
        return found

    def _source(self, nodes: Iterable[_Node], captured: set[str]) -> str:
        out, begun, tight = "", False, True
        for node in nodes:
            near = _is_tight(node)
            gap = r"\s*" if near or tight or not self._lists.spaced else r"\s+"
            inner = self._source_of(node, captured)
            if node.optional:
                out += f"(?:{gap}{inner})?" if begun else f"(?:{inner}{gap})?"
            else:
                out += (gap if begun else "") + inner
                begun, tight = True, near
        return out

    def _source_of(self, node: _Node, captured: set[str]) -> str:
        if node.kind == "slot":
            source = _SLOTS[node.text]
            if node.text in captured:  # a group has its name once
                return source.replace(f"?P<{node.text}>", "?:")
            captured.add(node.text)
            return source
        if node.kind == "punctuation":
            return _EITHER.get(node.text, re.escape(node.text))
        if node.kind == "word":
            end = _WORD_END if self._lists.spaced and node.text[-1].isalpha() else ""
            return self._escaped(node.text) + end
        if node.kind == "list":
            words = sorted(self._lists.words[node.text], key=len, reverse=True)
            end = _WORD_END if self._lists.spaced else ""
            return f"(?:{'|'.join(map(self._escaped, words))}){end}"
        return f"(?:{'|'.join(self._source(choice, captured) for choice in node.choices)})"

    def _escaped(self, word: str) -> str:
        gap = r"\s+" if self._lists.spaced else r"\s*"
        return gap.join(map(re.escape, word.split())).replace("'", "['’ʼ]")


class _Parser:
    """Reads one template from left to right."""

    def __init__(self, say: str, lists: Lists) -> None:
        self._say, self._lists = say, lists
        self._tokens = self._split(say)
        self._at = 0

    def parse(self) -> tuple[_Node, ...]:
        nodes = self._sequence()
        if self._at < len(self._tokens):
            raise ValueError(f"{self._say!r}: {self._tokens[self._at][1]!r} closes nothing")
        if not nodes:
            raise ValueError("a phrase says nothing")
        return nodes

    def _split(self, say: str) -> list[tuple[str, str]]:
        tokens, place = [], 0
        for match in _TOKEN.finditer(say):
            if match.start() > place:
                break
            place = match.end()
            if match.lastindex:
                tokens.append((_KINDS[match.lastindex - 1], match[match.lastindex]))
        if place < len(say):
            raise ValueError(f"{say!r}: {say[place]!r} stands where it means nothing")
        return tokens

    def _sequence(self) -> tuple[_Node, ...]:
        nodes: list[_Node] = []
        while self._at < len(self._tokens):
            kind, text = self._tokens[self._at]
            if kind == "mark" and text in "])|":
                break
            self._at += 1
            if kind == "mark":
                nodes.append(self._group("]" if text == "[" else ")"))
                continue
            if kind == "list" and text not in self._lists.words:
                raise ValueError(f"{self._say!r}: no list of words is called {text!r}")
            if kind == "slot" and text not in _SLOTS:
                raise ValueError(f"{self._say!r}: {{{text}}} is none of {', '.join(_SLOTS)}")
            if kind == "word" and _PUNCTUATION.fullmatch(text):
                kind = "punctuation"
            nodes.append(_Node(kind, text))
        return tuple(nodes)

    def _group(self, closing: str) -> _Node:
        choices: list[tuple[int, tuple[_Node, ...]]] = []
        more = True
        while more:
            begin = self._at
            choice = self._sequence()
            written = sum(len(text) + 1 for _, text in self._tokens[begin : self._at])
            choices.append((written, choice))
            more = self._here("|")
        if not self._here(closing):
            raise ValueError(f"{self._say!r}: {closing!r} is missing")
        # The longer first: "with permission of" before "with".
        choices.sort(key=lambda item: -item[0])
        ordered = tuple(choice for _, choice in choices)
        return _Node("group", choices=ordered, optional=closing == "]")

    def _here(self, mark: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("mark", mark):
            self._at += 1
            return True
        return False


def _is_tight(node: _Node) -> bool:
    """Whether no space is needed beside it: slots and punctuation, and what begins or ends so."""
    if node.kind != "group":
        return node.kind in {"slot", "punctuation"}
    return any(_is_tight(c[0]) or _is_tight(c[-1]) for c in node.choices if c)


def _shortest(key: frozenset[str]) -> int:
    return min(map(len, key), default=0)


@lru_cache(maxsize=8192)
def key_of(word: str, *, spaced: bool) -> str:
    """The piece of a word that a text which holds it must hold."""
    return max(words_of(word), key=len, default="") if spaced else word.lower()


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, punctuation apart, as phrases are found by."""
    return plain_words(text.lower()).split()


def plain_words(text: str) -> str:
    """A text in lower case with spaces for punctuation."""
    if not text.isascii():
        for mark, plain in _PLAIN:
            text = text.replace(mark, plain)
        if not text.isascii():
            text = text.replace("©", " © ")
            for mark in _BREAKS:
                if mark in text:
                    text = text.replace(mark, " ")
            return text
    return text.encode("ascii").translate(_SPACES).decode("ascii")
