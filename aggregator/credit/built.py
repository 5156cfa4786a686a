"""Credit lines known by what they are built of, in whatever order: this text, first, published.

The phrases of `prose` say how lines are worded. What they do not foresee is read here, with more
care: a short line at the head or the end of a text that speaks of the text, says that it was
published first, or is given again, or by whose leave, and names an outlet behind a preposition.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from aggregator.credit.body import Body
from aggregator.credit.domains import DATA
from aggregator.credit.names import NameReader
from aggregator.credit.naming import CLOSERS, OPENERS, SMALL, Name
from aggregator.credit.patterns import Lists, Template, words_of
from aggregator.credit.phrases import Means, Phrase, Place
from aggregator.credit.prose import Found, quote_of, url_of
from aggregator.credit.standing import goes_on, is_quoted, speaks_of_picture
from aggregator.model import Block, BlockKind

_CLASSES = ("this", "text", "first", "published", "taken", "weak", "leave", "at", "stop")
_CUES = frozenset({"published", "taken", "weak", "leave"})
_STEM = 4  # letters by which words are looked up
_LONGEST_BLOCK, _LONGEST_SENTENCE = 420, 320
_HEAD_BLOCKS, _TAIL_BLOCKS = 3, 10
_MOST_AFTER = 1  # full paragraphs that may follow
_SUBJECT = 7  # words in which the text is spoken of
_OPENING = 3  # words in which a line without a subject says it
_TOGETHER = 5  # words between "first" and "published"
_REACH = 9  # words from what is said to the name
_CLAUSE_TO_VERB = 3  # words
_ARTICLES = frozenset(
    {
        "an",
        "un",
        "una",
        "une",
        "ein",
        "eine",
        "um",
        "uma",
        "el",
        "il",
        "o",
        "a",
        "os",
        "as",
        "lo",
        "η",
        "το",
        "der",
        "die",
        "das",
    }
)
_TIMES = frozenset({"when", "because", "if", "while", "after", "before"})
_SHORT = 12  # words of a line that only says where it was published
_LONGEST_REST = 14  # words behind the name
_WORD = re.compile(r"\S+")
_APOSTROPHE = re.compile(r"^[^\W\d_]{1,5}['’](?=\w)")
_END = re.compile(
    r"[.!?…。！？।۔؟\n](?:(?<=[。！？।۔؟\n])"
    r"|(?<!\b[A-Z].)(?<!\b\d.)(?<!\b\d\d.)(?=[\s)\]”\"’»*_]|$))"
)
_CLAUSE = re.compile(r"[”\"’»)]?,(?:\s+[^\s.!?;]+){3,}")
_LONG_AGO = re.compile(r"[”\"’»)]?,?(?:\s+[^\s.!?;]+){0,3}?\s+1[5-9]\d\d(?!\d)")
_READ = frozenset({BlockKind.PARAGRAPH, BlockKind.HEADING})
_BUILT = Phrase(
    number=-1,
    say="",
    language="",
    example="",
    credits=(),
    means=Means.FULL,
    place=Place.FRAGMENT,
    sure=False,
    known=False,
    relayed=False,
    titled=False,
    strict=False,
    linked=False,
    outlet="",
    template=Template("{outlet}", Lists({}, spaced=True)),
    firsts=None,
    keys=(),
    spaced=True,
)


@dataclass(frozen=True, eq=False)
class Words:
    """The words that lines of credit are built of, by language and class."""

    exact: Mapping[str, frozenset[tuple[str, str]]]
    stems: Mapping[str, tuple[tuple[str, str, str], ...]]  # by their first letters
    before: frozenset[str]  # languages in which names stand before verbs

    def of(self, word: str) -> frozenset[tuple[str, str]]:
        """In which languages a word stands for what."""
        found = self.exact.get(word, frozenset())
        stems = self.stems.get(word[:_STEM])
        if stems is None:
            return found
        return found | {(lang, kind) for stem, lang, kind in stems if word.startswith(stem)}

    @cached_property
    def _cues(self) -> tuple[frozenset[str], frozenset[str]]:
        exact = (word for word, found in self.exact.items() if any(k in _CUES for _, k in found))
        stems = (key for key, found in self.stems.items() if any(k in _CUES for *_, k in found))
        return frozenset(exact), frozenset(stems)

    def cues(self, words: Sequence[str]) -> set[str]:
        """Those of some words that say that a text is another's."""
        exact, stems = self._cues
        return {word for word in words if word in exact or word[:_STEM] in stems}


def may_credit(words: Sequence[str]) -> bool:
    """Whether the words of a block may be those of a line of credit: quick, and seldom wrong."""
    there = frozenset[str]().union(*map(_classes_of, words))
    if _CUES.isdisjoint(there):
        return False
    if not there.isdisjoint({"taken", "leave"}) or there >= {"published", "first"}:
        return True
    return "text" in there or len(set(words)) <= _SHORT


@lru_cache(maxsize=1 << 15)
def _classes_of(word: str) -> frozenset[str]:
    """For what a word stands in any language; nothing, for most words."""
    return frozenset(kind for _, kind in load_words().of(word))


@lru_cache(maxsize=1 << 13)
def _read_word(written: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """A word of a sentence without what stands around it, and in which languages it is what."""
    words, word = load_words(), written.strip(OPENERS + CLOSERS + "-–—").lower()
    kinds = words.of(word)
    bare = _APOSTROPHE.sub("", word)
    return word, kinds | words.of(bare) if bare != word else kinds


@cache
def load_words() -> Words:
    """The words of the data file. Raises ValueError where it is not as it should be."""
    exact: dict[str, set[tuple[str, str]]] = defaultdict(set)
    stems: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    before: set[str] = set()
    for language, lists in tomllib.loads((DATA / "built.toml").read_text("utf-8")).items():
        odd = set(lists) - {*_CLASSES, "before"}
        if odd:
            raise ValueError(f"built.toml: [{language}]: {min(odd)} is none of {_CLASSES}")
        if lists.get("before"):
            before.add(language)
        for kind in _CLASSES:
            for word in filter(None, map(str.strip, lists.get(kind, "").split("|"))):
                stem = word.removesuffix("*")
                if stem == word:
                    exact[word].add((language, kind))
                elif len(stem) < _STEM:
                    raise ValueError(f"built.toml: [{language}]: {word!r} is too short")
                else:
                    stems[stem[:_STEM]].append((stem, language, kind))
    return Words(
        {word: frozenset(kinds) for word, kinds in exact.items()},
        {key: tuple(found) for key, found in stems.items()},
        frozenset(before),
    )


def find_built(body: Body, names: NameReader, lines: Container[int]) -> Iterator[Found]:
    """Lines of credit that no phrase reads; `lines` are the blocks that hold one that does."""
    words = load_words()
    for number in range(min(body.cut, body.count)):
        block = body.blocks[number]
        if len(block.text) > _LONGEST_BLOCK or block.kind not in _READ or number in lines:
            continue
        tail = number >= body.cut - _TAIL_BLOCKS and body.prose_after(number) <= _MOST_AFTER
        if not (tail or number < _HEAD_BLOCKS) or not may_credit(body.words_in(number)):
            continue
        if _is_cued(body, number, words):
            found = _in_block(body, number, names, words, tail=tail and body.is_tail(number))
            if found is not None:
                yield found


def _is_cued(body: Body, number: int, words: Words) -> bool:
    """Whether a block holds a word of the text's lines that says that a text is another's."""
    short = body.line_words is body.words
    if short and body.has_any(number, words.cues(body.words_in(number))):
        return True  # which saves looking at all words
    return body.has_any(number, words.cues(body.line_words))


def _in_block(
    body: Body, number: int, names: NameReader, words: Words, *, tail: bool
) -> Found | None:
    block = body.blocks[number]
    text = block.text
    if speaks_of_picture(body.phrases, text):
        return None
    start = 0
    for stop in [*(m.end() for m in _END.finditer(text)), len(text)]:
        if stop > start:
            name = None
            if not _is_announced(body, text[start:stop]):
                sentence = _Sentence(block, start, stop, words)
                name = sentence.credited(names, tail=tail)
            if name is not None and not _is_told(body, text, name):
                first = start + len(text[start:stop]) - len(text[start:stop].lstrip(" *_-–—("))
                url = url_of(block, first, [name], names)
                quote = quote_of(text, first, max(name.end, sentence.said_to))
                return Found(_BUILT, number, first, name.end, quote, (name,), (), url)
        start = stop
    return None


def _is_announced(body: Body, sentence: str) -> bool:
    """Whether a label, such as "Related:", says that what follows is of another text."""
    label, colon, _ = sentence.partition(":")
    return bool(colon) and label.strip(" *_").lower() in body.phrases.of("ends")


def _is_told(body: Body, text: str, name: Name) -> bool:
    """Whether somebody else is quoted, or the sentence goes on and tells something."""
    begin = name.start
    while begin > 0 and text[begin - 1] in OPENERS:
        begin -= 1  # in "X" is no quotation
    if is_quoted(text, begin) or goes_on(body, text, name.end):
        return True
    if _LONG_AGO.match(text, name.end):
        return True  # it first appeared in X in 1978
    clause = _CLAUSE.match(text, name.end)  # Quoted from X, the depot will open
    words = words_of(clause[0]) if clause is not None else []
    apposed = bool(words) and words[0] in SMALL | _ARTICLES  # X, a project of a foundation
    return bool(words) and not apposed and body.phrases.of("again").isdisjoint(words)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a sentence says, in one language: the places of its words by class."""

    language: str
    at: Mapping[str, list[int]]

    def has(self, kind: str) -> bool:
        return bool(self.at.get(kind))


class _Sentence:
    """One sentence of a short block."""

    def __init__(self, block: Block, start: int, stop: int, words: Words) -> None:
        self._block, self._stop = block, stop
        self.said_to = start
        self._words: list[tuple[str, int, int]] = []
        by_language: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._before = words.before
        self._said: list[_Said] = []
        if stop - start > _LONGEST_SENTENCE:
            return
        read = [_read_word(written) for written in block.text[start:stop].split()]
        if not any(kind in _CUES for _, kinds in read for _, kind in kinds):
            return
        for number, match in enumerate(_WORD.finditer(block.text, start, stop)):
            word, kinds = read[number]
            self._words.append((word, match.start(), match.end()))
            for language, kind in kinds:
                by_language[language][kind].append(number)
        self._said = [_Said(language, at) for language, at in by_language.items()]
        self._said.sort(key=lambda said: -sum(map(bool, said.at.values())))

    def credited(self, names: NameReader, *, tail: bool) -> Name | None:
        """The outlet that it credits, if it is built like a line of credit."""
        for said in self._said:
            cue = self._cue(said, tail=tail)
            if cue is None:
                continue
            if said.language in self._before:
                name = self._name_before(cue, names)
            else:
                name = self._name_behind(said, cue, names)
            if name is not None:
                self.said_to = self._words[cue.last][2]
                return name
        return None

    def _cue(self, said: _Said, *, tail: bool) -> "_Cue | None":
        """The words that say it, if they say enough."""
        places = said.at
        spoken = self._speaks_of_text(places)
        strong: list[int] = []
        weak: list[int] = []
        strong += [n for kind in ("taken", "leave") for n in places.get(kind, ())]
        for place in places.get("published", ()):
            near = [f for f in places.get("first", ()) if abs(f - place) <= _TOGETHER]
            (strong if near else weak).extend([place, *near])
        for place in places.get("weak", ()):
            weak += [place]
        begins = tail and self._begins(places.get("text", ()))
        if strong:
            said_twice = len({kind for kind in _CUES if said.has(kind)}) > 1
            places_of = frozenset(strong + weak)
            if spoken or begins or self._opens(min(places_of), said):
                subject = min(places["text"]) if spoken else min(places_of)
                certain = not (spoken or (tail and said_twice))
                return _Cue(places_of, min(subject, *places_of), certain)
        # "Publié le 5 juin dans X"; in English so begins what is no credit: Posted in World.
        opens = bool(weak) and min(weak) == 0 and said.language != "en"
        bare = bool(self._words) and not _APOSTROPHE.match(self._words[0][0])
        opens = opens or (bool(weak) and bare and 0 in places.get("text", ()))
        if weak and tail and (spoken or (opens and len(self._words) <= _SHORT)):
            return _Cue(frozenset(weak), min(weak), certain=True)
        return None

    def _begins(self, texts: Sequence[int]) -> bool:
        """Whether a line begins with "article" or "the article", and not with "his article"."""
        articled = bool(self._words) and self._words[0][0] in SMALL | _ARTICLES
        return any(place == 0 or (place == 1 and articled) for place in texts)

    def _opens(self, first: int, said: _Said) -> bool:
        """Whether a line begins with what it says: Article first published in, With permission."""
        known = {place for kind, at in said.at.items() if kind != "stop" for place in at}
        return first < 2 * _OPENING and all(
            place in known or self._words[place][0] in SMALL for place in range(first)
        )

    def _speaks_of_text(self, places: Mapping[str, list[int]]) -> bool:
        """Whether "this article" stands near its beginning, or "article, this"."""
        pointing = places.get("this", ())
        return any(
            place < _SUBJECT and any(-2 <= this - place <= 2 for this in pointing)
            for place in places.get("text", ())
        )

    def _name_behind(self, said: _Said, cue: "_Cue", names: NameReader) -> Name | None:
        """The name behind a preposition, behind the words that say it."""
        for place in said.at.get("at", ()):
            if not cue.from_ < place <= cue.last + _REACH or place + 1 >= len(self._words):
                continue
            if place + 1 in cue.places:
                continue  # with permission of
            if any(self._stops(stop, cue) for stop in said.at.get("stop", ()) if 1 < stop < place):
                return None  # The series won a prize when it had run for years, in X
            led = place - 1
            while led in said.at["at"]:  # in the journal X
                led -= 1
            begin = self._words[place + 1][1]
            found = names.at(self._block, begin, lower=said.language != "en")
            name = found[0] if found else None
            if name is None or not self._ends_soon(name):
                continue
            if _is_certain(name, names):
                return name
            if led in cue.places and (not cue.certain or _is_no_person(name, names)):
                return name
        return None

    def _stops(self, place: int, cue: "_Cue") -> bool:
        """Whether a word begins a clause that tells something, and not: a piece that ran in X."""
        return not any(place < said <= place + _CLAUSE_TO_VERB for said in cue.places) or (
            self._words[place][0] in _TIMES
        )

    def _name_before(self, cue: "_Cue", names: NameReader) -> Name | None:
        """The known name that stands anywhere in the sentence, or the one that ends it."""
        for _, begin, _ in self._words:
            found = names.known_at(self._block, begin)
            if found is not None and self._ends_soon(found):
                return found
        if cue.certain or cue.last + 1 >= len(self._words):
            return None
        last = names.at(self._block, self._words[cue.last + 1][1])
        ends = bool(last) and last[0].text[:1].isupper() and last[0].end >= self._words[-1][2] - 1
        return last[0] if ends else None

    def _ends_soon(self, name: Name) -> bool:
        if name.end > self._stop:
            return False
        return sum(start >= name.end for _, start, _ in self._words) <= _LONGEST_REST


@dataclass(frozen=True, slots=True)
class _Cue:
    """From which word to which a sentence says that a text is another's."""

    places: frozenset[int]  # of the words that say it
    from_: int  # the word behind which a name may stand
    certain: bool  # only outlets that are known, linked or named like one

    @property
    def last(self) -> int:
        return max(self.places)


def _is_certain(name: Name, names: NameReader) -> bool:
    return name.known or bool(name.url) or names.naming.is_named_like_outlet(name.text)


def _is_no_person(name: Name, names: NameReader) -> bool:
    """Whether an unknown name cannot well be a person's: Globetrotter, InvestigateWest, X & Y."""
    words = name.text.split()
    if any(letter.isupper() for word in words for letter in word[1:]) or "&" in words:
        return True
    return len(words) == 1 and words[0].lower() not in names.naming.of("given_names")
