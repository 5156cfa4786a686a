"""Where an outlet's name that stands in running text ends."""

import re

from aggregator.credit.naming import CJK, CLOSERS, LONGEST, OPENERS, SMALL, UNCASED, Naming

_MOST_WORDS = 8
_WORD = re.compile(r"\S+")
_UNCASED_STOP = re.compile(
    r"[。，、；：！？।۔؟،؛!?;\n|()（）\[\]【】《》〈〉「」『』“”\"*+]|\s[-–—]\s|[.:,](?:\s|$)"
)
_ABBREVIATIONS = frozenset({
    "co", "corp", "dr", "f", "ft", "inc", "jr", "l", "ltd", "mr", "mrs", "ms", "mt", "p", "s",
    "st", "u",
})  # fmt: skip
_AND = frozenset({
    "&", "and", "dan", "e", "en", "et", "for", "i", "och", "og", "und", "ve", "và", "y", "şi",
    "și", "και", "и", "та", "і",
})  # fmt: skip
_DOTTED = re.compile(r"(?:[A-Z]\.)+[A-Z]")
_GLUED_TO = re.compile(r"(?<=[^\W\d_])(?:under|and|on|is|in|by|with|where|read|as|at|has|was)$")
_YEAR = re.compile(r"(?:19|20)\d\d")


class NameEnds:
    """Tells where names end."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        self._never = naming.of("never")
        self._named = naming.of("named")

    def end(self, text: str, start: int, *, pipes: bool, article: bool) -> int:
        """Where a name that begins at a place ends; the place itself where none begins."""
        if UNCASED.match(text, start):
            return self._end_uncased(text, start)
        run = self._end_cased(text, start, pipes=pipes)
        known = self.known_end(text, start, article=article)
        if start < known < run and self.naming.is_date(text[known:run]):
            return known  # a date follows
        if start < known < run and _GLUED_TO.fullmatch(text, known, run):
            return known
        return max(run, known)

    def known_end(self, text: str, start: int, *, article: bool = False) -> int:
        """The end of the longest name from the directory that begins here, or the start."""
        best = start
        limit = min(len(text), start + LONGEST + 20)
        for number, match in enumerate(_WORD.finditer(text, start, limit)):
            if number >= _MOST_WORDS or not any(map(str.isalnum, match[0])):
                break
            candidate = text[start : match.end()].rstrip(CLOSERS)
            if candidate and self.naming.is_known(candidate, article=article):
                best = start + len(candidate)
            elif (glued := _GLUED_TO.search(candidate)) is not None:  # The Conversationunder a
                bare = candidate[: glued.start()]
                if self.naming.directory.by_name(bare) is not None:
                    return start + len(bare)
            last = match[0][-1] in ".;:!?)。" and len(match[0]) > 3
            if last and not _is_dotted(match[0].rstrip(CLOSERS)):
                break
        return best

    def _end_cased(self, text: str, start: int, *, pipes: bool) -> int:
        """The end of a run of capitalised words, and of small words between them."""
        end = start
        pending = False  # small words that count only if a capital follows
        for number, match in enumerate(_WORD.finditer(text, start, min(len(text), start + 90))):
            raw = match[0]
            word = raw.rstrip(CLOSERS)
            head = word.lstrip(OPENERS)
            if raw == "|" and pipes and number:
                pending = True
                continue
            if number >= _MOST_WORDS or not word or raw[0] in "([（—–" or not _is_word(raw):
                break
            if self.naming.as_domain(word):
                return match.start() + len(word) if not pending else end
            if number and head.lower() in SMALL and (head.islower() or head == "&"):
                divides = head.lower() in _AND
                if raw != word or (divides and self._ends_before(text, start, end, match.end())):
                    break
                pending = True
                continue
            if not _may_stand_in_name(head, first=number == 0) and not (
                number == 0 and self._is_numbered(head, text, match.end())
            ):
                break
            if pending and head.isdigit() and len(head) < 3:
                break  # Orient XXI le 5 juin
            if number and self._is_date_word(head):
                longer = text[start : match.end()].rstrip(CLOSERS)
                if self.naming.directory.by_name(longer) is None:
                    break
            end = match.start() + len(word)
            pending = False
            if raw != word and not _goes_on(raw, word, text, match.end(), self._named):
                break
        return end

    def _is_numbered(self, figures: str, text: str, place: int) -> bool:
        """Whether a name begins with figures: 972 Magazine, 52 Insights; but not 3 March."""
        following = _WORD.match(text, place + 1)
        if not figures.isdigit() or following is None or not following[0][:1].isupper():
            return False
        word = following[0].strip(CLOSERS).lower()
        return word in self._named or (len(figures) < 4 and word not in self._never)

    def _is_date_word(self, word: str) -> bool:
        if word.istitle() and word.lower() in self._named:
            return False  # Church & Trams Today
        known = word.lower() in self._never and not word.isdigit()
        return known or bool(_YEAR.fullmatch(word)) or (word[:1].isdigit() and "/" in word)

    def _ends_before(self, text: str, start: int, end: int, following: int) -> bool:
        """Whether "and" joins two names here, rather than standing inside of one."""
        if self.known_end(text, start) > end:
            return False
        following += len(text[following : following + 20]) - len(
            text[following : following + 20].lstrip()
        )
        if self.naming.directory.by_name(text[start:end]) is not None:
            return True
        return self.known_end(text, following) > following or (
            self._is_title_of_outlet(text[start:end])
            and self._is_title_of_outlet(text[following : following + LONGEST])
        )

    def _is_title_of_outlet(self, text: str) -> bool:
        """Whether words begin like "Moor Echo": up to three, the last a kind of paper."""
        words = [word.strip(CLOSERS) for word in text.split()[:3]]
        return any(
            word.lower() in self._named and word.istitle() and number
            for number, word in enumerate(words)
        )

    def _end_uncased(self, text: str, start: int) -> int:
        limit = min(len(text), start + LONGEST)
        stop = _UNCASED_STOP.search(text, start, limit)
        limit = stop.start() if stop else limit
        segment = text[start:limit].rstrip()
        if self.naming.directory.by_name(segment) is not None:
            return start + len(segment)
        if " " in segment and CJK.match(text, start):
            segment = segment.partition(" ")[0]  # 新华社 作者：张三
        if " " in segment:
            known = self.known_end(text[:limit], start)
            if known > start:
                return known
            return start + len(" ".join(segment.split(" ")[:5]))
        for length in range(min(len(segment), 16), 1, -1):  # glued to what follows
            if segment[length - 1].isalnum() and self.naming.directory.by_name(segment[:length]):
                joined = segment[length : length + 1] in "-－"
                return start + (len(segment) if joined else length)
        return start + len(segment)


def _is_word(raw: str) -> bool:
    return raw not in {"-", "--", "|", "•", "·"}


def _may_stand_in_name(word: str, *, first: bool) -> bool:
    """Whether a word may: it has a capital somewhere, or is a figure: 9to5Mac, n+1, 20minutos."""
    if word[:1].isupper():
        return True
    if word[:1].isdigit():
        return not first or any(letter.isalpha() for letter in word)
    inner = any(letter.isupper() or letter.isdigit() for letter in word[1:])
    return inner and "." not in word and "/" not in word


def _goes_on(raw: str, word: str, text: str, place: int, named: frozenset[str]) -> bool:
    """Whether a name goes on behind a word that ends with a point or the like: St. Louis, YES!."""
    tail = raw[len(word) :]
    if tail in {"’", "'"}:
        return True
    following = text[place : place + 20].split()
    if not following or not following[0][:1].isupper():
        return False
    if tail == "!":
        return following[0].rstrip(CLOSERS).lower() in named
    short = word.lower() in _ABBREVIATIONS or len(word) == 1 or _is_dotted(word)
    return tail == "." and short


def _is_dotted(word: str) -> bool:
    """Whether a word is letters with points between: U.S, L.A."""
    return _DOTTED.fullmatch(word) is not None
