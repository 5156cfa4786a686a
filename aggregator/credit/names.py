"""Names of outlets in running text, and lists of such."""

import re
from functools import lru_cache

from aggregator.credit.name_ends import NameEnds
from aggregator.credit.naming import (
    CJK,
    CLOSERS,
    DATE_DIGITS,
    LONGEST,
    OF_NAMES,
    OPENERS,
    SMALL,
    UNCASED,
    Name,
    Naming,
    may_be_name,
)
from aggregator.model import Block, Link

_MOST_NAMES = 4
_WORD = re.compile(r"\S+")
_OF = frozenset({
    "de", "del", "della", "der", "des", "di", "du", "of", "van", "vom", "von", "z", "ze", "від",
    "з", "из", "от",
})  # fmt: skip
_ASIDE = re.compile(r"\s*\([^()]{0,60}\)?$")
# Ndtv.comread the full story: a link was stripped without the space before it.
_GLUED = re.compile(r"((?:[\w-]{1,40}\.){1,3}[a-z]{2,6}?)read (?:the|more|full)\b", re.IGNORECASE)
_OF_ISSUE = "of|de la|de|da|do|du|des|del|della|dello|der|des|von|van|od"
_MONTH_OF = re.compile(rf"(\w+)(?:\s+\d{{4}})?\s+(?:{_OF_ISSUE})\s+", re.IGNORECASE)
_OWNER = re.compile(r"(?:the )?\w+[’']s ")
_AUTHOR = re.compile(
    r"((?:[^\W\d_][\w.’'-]{1,20} ){1,2}[^\W\d_][\w.’'-]{1,20}) (?:on|in|for|at|over at) "
)
_CASES = (
    "issa", "issä", "ssa", "ssä", "sta", "stä", "lla", "llä", "lta", "ltä", "in", "en", "on", "ön",
    "ban", "ben", "ból", "ből", "n", "তে", "য়", "এ", "র",
)  # fmt: skip
_PAGE = re.compile(r"[a-z]?\d{1,3}")
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'，。）]{4,300}", re.IGNORECASE)
_ELIDED = re.compile(r"(?:[ld]|[dD]ell|[nN]ell|[aA]ll|[sS]ull|[dD]all)['’](?=[^\W\d_a-zà-ÿ])")
_JOINT = re.compile(r"(?:\s*[,/、،]\s*|\s+(?=[^\W\d_]{1,6}\s|&\s))(?:([^\W\d_]{1,6}|&)\s+(?=\S))?")
_SMALL_WORDS = re.compile(
    r"(?:\s+(?:d[eiuao]s?|del|della|du|des|y|e|et|la|le|van|de la)){0,2}(?:\s+[^\W\d_]{3,16}){1,2}"
    r"(?=\s*(?:[.!?)\]»”\"*_]|$))"
)


@lru_cache(maxsize=4)
def _issue_of(words: frozenset[str]) -> re.Pattern[str]:
    """Behind "the UK edition of", "der Mai-Ausgabe von": words that tell which issue."""
    listed = "|".join(map(re.escape, sorted(words)))
    return re.compile(
        rf"(?:[^\s.;!?]{{1,20}}\s+){{0,5}}?(?:[\w-]{{1,20}}-)?(?:{listed})\s+(?:#?\d{{1,4}}\s+)?"
        rf"(?:{_OF_ISSUE})\s+",
        re.IGNORECASE,
    )


class NameReader:
    """Reads names out of the blocks of one text."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        self._of = naming.of
        self._site = naming.of("site")
        self._never = naming.of("never")
        self._nouns = naming.of("nouns")
        self._ends = NameEnds(naming)
        self._papers = naming.of("papers")
        self._issue = _issue_of(naming.of("issues"))

    def at(
        self, block: Block, start: int, *, pipes: bool = False, lower: bool = False
    ) -> list[Name]:
        """The names that begin at a place: one, or several that are joined by "and".

        `pipes`: a name may hold a "|". `lower`: its further words may be in lower case, as is
        usual in most languages but English, if they end the sentence.
        """
        author = _AUTHOR.match(block.text, start)
        if author is not None and self.naming.is_person(author[1]):
            start = author.end()  # by Ann Doe for The Beacon
        first = self._one(block, start, pipes=pipes)
        if first is None:
            return []
        if lower and not first.known:
            first = self._lengthened(block.text, first)
        names = [first]
        while len(names) < _MOST_NAMES and (step := self._joint(block.text, names[-1].end)):
            following = self._one(block, step)
            # "en" stands between names in Dutch, and inside of them in Spanish.
            inside = block.text[names[-1].end : step].strip() == "en" and not names[-1].outlet
            if following is None or inside:
                break
            if not (following.known or self.naming.is_named_like_outlet(following.text)):
                break
            names.append(following)
        return names

    def within(self, block: Block, start: int, end: int) -> list[Name]:
        """The names that fill a part of a block, such as a slot in the middle of a phrase."""
        text = block.text[start:end]
        start += len(text) - len(text.lstrip(OPENERS))
        raw = text.strip(OPENERS + CLOSERS)
        if not raw:
            return []
        whole = self.naming.made(start, start + len(raw), raw, _link_over(block, start, end))
        if whole is not None and whole.outlet is not None:
            return [whole]
        bare = _ASIDE.sub("", raw)  # The Lagoon Herald (Lagoon, Ore.)
        if bare != raw and bare:
            return self.within(block, start, start + len(bare))
        names = self._parts(block, start, raw) or self._behind_of(start, raw)
        like = self.naming.is_named_like_outlet
        if any(name.known for name in names) or (
            len(names) > 1 and all(like(name.text) for name in names)
        ):
            return names
        if whole is None or not (may_be_name(whole.text) or whole.known):
            return []
        return [whole]

    def chain(self, name: Name) -> list[Name]:
        """Two names that a hyphen joins, the site before the paper: 四川新闻网-成都晚报."""
        parts = re.split(r"\s*[-－—–]\s*", name.text)
        if name.outlet is not None or len(parts) != 2 or not CJK.search(name.text):
            return [name]
        found: list[Name] = []
        for part in parts:
            made = self.naming.made(name.start, name.end, part, "")
            if made is None or not (made.known or self.naming.is_named_like_outlet(part)):
                return [name]
            found.append(made)
        return found

    def known_at(self, block: Block, start: int) -> Name | None:
        """The outlet of the directory whose name begins at a place, if one does."""
        text = block.text
        while start < len(text) and text[start] in OPENERS:
            start += 1
        end = self._ends.known_end(text, start)
        if end <= start:
            end = self._inflected_end(text, start)
        if end <= start:
            return None
        name = self.naming.made(start, end, text[start:end], _link_over(block, start, end))
        return name if name is not None and name.outlet is not None else None

    def _inflected_end(self, text: str, start: int) -> int:
        """Where a known name ends behind which a case is written: Ylen, Qubiten, প্রথম আলোতে."""
        for length in (3, 2, 1):
            words = text[start : start + LONGEST].split()[:length]
            begins = bool(words) and (words[0][:1].isupper() or UNCASED.match(words[0]))
            if len(words) < length or not begins:
                continue
            whole = " ".join(words).rstrip(CLOSERS)
            for case in _CASES:
                bare = whole.removesuffix(case)
                if bare != whole and len(bare) > 2 and self.naming.directory.by_name(bare):
                    return start + len(bare)
        return start

    def of_address(self, domain: str, start: int, end: int) -> list[Name]:
        """The outlet that a mail address belongs to, if it is a known one."""
        outlet = self.naming.directory.by_domain(domain)
        return [Name(start, end, domain, outlet, "", outlet.domain)] if outlet else []

    def past_asides(self, text: str, place: int) -> int:
        """Where a name may begin behind a date, a language, "print", "the May issue of"; or -1.

        A preposition must lead to it: "in 1990, The Beacon's guide" names no outlet.
        """
        at = self._of("at")
        skipped = led = False
        article = -1
        for match in _WORD.finditer(text, place, min(len(text), place + 100)):
            word = match[0].strip(OPENERS + CLOSERS).lower()
            aside = word in self._never or word in self._site or DATE_DIGITS.fullmatch(word)
            leads = word in at or word in _OF
            if not aside and not leads and word not in SMALL and not _PAGE.fullmatch(word):
                issue = self._issue.match(text, place)
                if issue is not None:
                    return issue.end()
                start = article if article >= 0 else match.start()
                return start if skipped and led else -1
            article = match.start() if match[0].istitle() and word in SMALL else -1
            skipped = skipped or bool(aside)
            led = leads or (led and (word in SMALL or word in self._site))
            if match[0][-1] in ".;!?" and not (word in self._never or word[-1:].isdigit()):
                break
        return -1

    # ------------------------------------------------------------------------------- one name

    def _one(self, block: Block, start: int, *, pipes: bool = False) -> Name | None:
        text = block.text
        begin, start = start, self._skip(block, start)
        skipped = text[begin:start].lower()
        if start >= len(text) or self._is_ours(skipped):
            return None
        article = skipped.rstrip().endswith("the")
        address = _ADDRESS.match(text, start)
        if address is not None:
            url = address[0].rstrip(CLOSERS)
            return self.naming.made(start, start + len(url), "", url)
        link = next((k for k in block.links if k.start <= start < k.end), None)
        if link is not None and link.end - start <= LONGEST and link.start >= start - 3:
            words = text[start : link.end]
            return self.naming.made(start, link.end, words, link.url, article=article)
        end = self._ends.end(text, start, pipes=pipes, article=article)
        first = _WORD.match(text, start)
        slash = first[0].find("/") if first is not None else -1
        if end <= start and slash > 0 and self.naming.is_known(text[start : start + slash]):
            end = start + slash  # ots/news aktuell
        end = min([end, *(k.start for k in block.links if start < k.start < end)])
        glued = _GLUED.match(text, start)
        if glued is not None and self.naming.as_domain(glued[1]):
            end = glued.end(1)
        slash = text.find("/", start, end)
        if slash > start and self.naming.is_known(text[start:slash]):
            end = slash  # AFP/de, Reuters/AFP
        if end <= start:
            return None
        url = link.url if link is not None else ""
        owner = text[end : end + 2].strip()[:1].islower()  # Wired's website, but McSweeney's.
        words = text[start:end]
        return self.naming.made(start, end, words, url, article=article, owner=owner)

    def _lengthened(self, text: str, name: Name) -> Name:
        """A name with the small words behind it, up to the end of the sentence: Hlas přístavu."""
        match = _SMALL_WORDS.match(text, name.end)
        if match is None:
            return name
        no_part = ("never", "site", "joins", "at", "again", "with")
        if any(word in self._of(kind) for word in match[0].lower().split() for kind in no_part):
            return name
        words = text[name.start : match.end()]
        return self.naming.made(name.start, match.end(), words, name.url) or name

    def _parts(self, block: Block, start: int, raw: str) -> list[Name]:
        """The names in a list: A, B and C."""
        joins = "|".join(map(re.escape, sorted(self._of("joins"), key=len, reverse=True)))
        found: list[Name] = []
        place = start
        for part in re.split(rf"\s*(?:,|/|、|;|\s(?:{joins})\s)\s*", raw):
            if not part.strip() or part == raw:
                continue
            at = block.text.find(part, place)
            if at < 0:
                continue
            place = at + len(part)
            name = self.naming.made(at, place, part, _link_over(block, at, place))
            if name is not None:
                found.append(name)
        return found

    def _behind_of(self, start: int, raw: str) -> list[Name]:
        """The known outlet whom somebody is of: Jane Roe of The Associated Press."""
        person, of, rest = raw.partition(" of ")
        if not of or not self.naming.is_person(person):
            return []
        begin = start + len(person) + len(of)
        name = self.naming.made(
            begin, start + len(raw), rest.removeprefix("the "), "", article=True
        )
        return [name] if name is not None and name.known else []

    def _joint(self, text: str, place: int) -> int:
        """Where the next name of a list begins: behind a comma, a slash, or "and"; else 0."""
        match = _JOINT.match(text, place)
        if match is None:
            return 0
        if match[1] and match[1].lower() in self._of("joins"):
            return match.end()
        end = match.start(1) if match[1] else match.end()
        if text[place:end].isspace():
            return 0
        # "X, a sister paper of Y" lists nobody; "X, the Y and Z" does.
        begin = text[end : end + 4]
        listed = begin == "the " or text[place:end].strip() == "/"
        return 0 if begin[:1].islower() and not listed else end

    # ----------------------------------------------------------------------- where a name begins

    def _skip(self, block: Block, start: int) -> int:
        """Past quotes, and past nouns that say what the name names: on the website of X."""
        text, skipped = block.text, False
        issue = self._issue.match(text, start)
        if issue is not None and not any(start < k.end <= issue.end() for k in block.links):
            start = issue.end()
            month = _MONTH_OF.match(text, start)
            if month is not None and month[1].lower() in self._never:
                start = month.end()
        if not any(start <= k.start < start + LONGEST for k in block.links):
            described = self._described(text, start)
            start, skipped = described, described > start
        for _ in range(8):
            while start < len(text) and text[start] in OPENERS:
                start += 1
            match = _WORD.match(text, start)
            if match is None or any(link.start == start for link in block.links):
                return start
            if UNCASED.match(text, start):
                noun = self._leading_noun(text, start)
                if not noun or self._ends.known_end(text, start) > start:
                    return start
                start += len(noun)
                continue
            elided = _ELIDED.match(text, start)
            if elided is not None and self._ends.known_end(text, start) <= start:
                start, skipped = elided.end(), True
                continue
            word = match[0].rstrip(",")
            following = text[match.end() : match.end() + 2].strip()[:1]
            lower = word.islower() and (word in self._site or (skipped and word in SMALL))
            kind = following.isupper() and self._tells_kind(text, word, match.end())
            based = word.endswith("-based")
            known = self._ends.known_end(text, start) > start
            if not self._names_kind(text, start):
                if known or not (lower or kind or based):
                    return start
                apposed = text.startswith("the ", match.end() + 1)
                if word != match[0] and not (following.isupper() or apposed):
                    return start
            skipped = True
            start = match.end()
        return start

    def _tells_kind(self, text: str, word: str, end: int) -> bool:
        """Whether a word says what kind of outlet follows, and is no part of its name."""
        if word not in self._nouns:
            return False
        return word not in OF_NAMES or self._ends.known_end(text, end + 1) > end + 1

    def _names_kind(self, text: str, start: int) -> bool:
        """Whether a noun stands here, and a known name behind it: Wochenzeitung der Freitag."""
        match = _WORD.match(text, start)
        if match is None or match[0] not in self._nouns:
            return False
        following = match.end() + 1
        return self._ends.known_end(text, following) > following and match.end() >= (
            self._ends.known_end(text, start)
        )

    def _described(self, text: str, start: int) -> int:
        """Past "the Norwegian daily", "el diario noruego": the name they describe follows."""
        known_end = self._ends.known_end
        if known_end(text, start) > start and not self._names_kind(text, start):
            return start
        owner = _OWNER.match(text, start)
        if owner is not None and known_end(text, owner.end(), article=True) > owner.end():
            return owner.end()  # Germany's Die Zeit
        words = list(_WORD.finditer(text, start, min(len(text), start + 90)))[:6]
        capitals = 0
        for number, match in enumerate(words[:4]):
            word = match[0].strip(OPENERS + CLOSERS)
            if (word in self._papers or word in self._nouns) and not word[0].isdigit():
                return self._behind_paper(words[number + 1 :], start)
            capitals += word[:1].isupper()
            if capitals > 1 or match[0][-1] in ".,;:!?":
                break
        return start

    def _behind_paper(self, words: list[re.Match[str]], start: int) -> int:
        """Where a name begins behind a noun such as "daily", if it does."""
        if len(words) > 2 and words[0][0] in {"de", "di", "da"}:  # medio de comunicación
            words = words[1:]
        for number, match in enumerate(words[:2]):
            word = match[0].lstrip(OPENERS)
            if word[:1].isupper():
                never = word.strip(CLOSERS).lower() in self._never
                return start if never else match.start()
            small = word in SMALL or any(word in self._of(k) for k in ("at", "joins", "never"))
            if number or small or not word.replace("’", "").replace("'", "").isalpha():
                break
        return start

    def _is_ours(self, nouns: str) -> bool:
        """Whether the words before a name say that it is the carrier's: our newsletter X."""
        words = {word.strip(CLOSERS) for word in nouns.split()}
        return not words.isdisjoint(self._of("ours")) and words.isdisjoint(self._of("kin"))

    def _leading_noun(self, text: str, start: int) -> str:
        """A noun such as 网站 or موقع with which the text goes on, and a name behind it."""
        found = [w for w in self._site if not w.isascii() and text.startswith(w, start)]
        noun = max(found, key=len, default="")
        following = text[start + len(noun) : start + len(noun) + 1]
        return noun if following in OPENERS or following.strip(CLOSERS) else ""


def _link_over(block: Block, start: int, end: int) -> str:
    found: Link | None = next((k for k in block.links if k.start < end and k.end > start), None)
    return found.url if found is not None else ""
