"""What surrounds a story in a feed or page and is no part of it: found, and cut.

Buttons, "Read more", lists of other stories, appeals, advertisement marks, page numbers. Credit
lines look alike and are what this project lives on: when a block may be one, it stays.
"""

import re
from collections.abc import Sequence
from functools import cached_property

from aggregator.model import Block, BlockKind, Link
from aggregator.parse.phrases import Phrases, bare, load_phrases

# In characters. What is longer than any of these is text.
_LINE = 250
_SHORT_LINE = 80
_APPEAL = 700
_FULL_PARAGRAPH = 80
_CREDIT = 400
_END = 40  # in which a text's last marks stand
_WIDE = re.compile("[\u0e00-\u0eff\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_TERMINAL = re.compile(r"(?:[!?]|(?<!\.)\.|[。！？।۔؟])[\"'”’»›)\]」』]*$")
_ELLIPSIS = re.compile(r"(?:…|\.\.\.)\W*$")
_PAGES = re.compile(
    r"(?:\W*\d[\d,.]*(?=\s|\W*$)){3,}\W*|page \d+(?: (?:of|/) ?\d+)?|\d+ */ *\d+ *[›»>]"
)
_BRACKETED = re.compile(r"[(\[（【].*[)\]）】]\W*$")
# A preposition of some languages, and a name up to the end.
_AT_OUTLET = re.compile(
    r"\s(?:at|on|from|via|en|sur|dans|auf|bei|su|em|op|bij)\s(?:the\s|The\s)?"
    r"(?:[A-Z][\w.’'&-]*|[\w-]+\.[a-z]{2,6}|(?<=\w\s)(?:of|the|and|de)(?=\s))"
    r"(?:\s(?:[A-Z][\w.’'&-]*|of|the|and|de|du|la)){0,5}\W*$"
)
_LEAD = re.compile(r"[\s>»›→▶►•*+\-–—|#✅👉🔴]+")


def clean(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks without the boilerplate that surrounds stories. Credit lines stay, always.

    Cut are: labels and buttons anywhere; sections that begin with a heading such as "Related",
    until the next full paragraph; at both ends also appeals, lists of nothing but links and page
    numbers. Nothing is cut when nothing would be left.
    """
    return tuple(block for _, block in cleaned(blocks))


def cleaned(blocks: Sequence[Block]) -> list[tuple[int, Block]]:
    """The blocks that `clean` leaves, each with its place among `blocks`."""
    phrases = load_phrases()
    seen = [_Seen(block, place, phrases) for place, block in enumerate(blocks)]
    kept = _without_sections(seen)
    kept = [s for s in kept if s.is_heading or not (s.is_label or s.leads_elsewhere)]
    kept = _without_head(_without_tail(kept))
    return [(s.place, _without_last_link(s.block, phrases)) for s in kept or seen]


def begins_other_things(block: Block) -> bool:
    """Whether the block is a heading such as "Related", where the story has ended."""
    seen = _Seen(block, 0, load_phrases())
    return seen.is_heading and not seen.may_credit


def may_credit(block: Block) -> bool:
    """Whether the block may be a credit line, going by its words."""
    return _Seen(block, 0, load_phrases()).may_credit


class _Seen:
    """One block, with what it looks like."""

    def __init__(self, block: Block, place: int, phrases: Phrases) -> None:
        self.block, self.place, self.phrases = block, place, phrases
        self.length = len(block.text)
        self.bare = bare(block.text) if self.length <= _LINE else ""
        self.is_final = self.bare in phrases.final
        self.is_heading = bool(self.bare) and (self.is_final or self.bare in phrases.headings)
        # The share of its text that is links.
        self.linked = 0.0
        if block.links:
            self.linked = sum([k.end - k.start for k in block.links]) / max(self.length, 1)

    @cached_property
    def lower(self) -> str:
        return _without_lead(self.block.text.casefold().replace("’", "'"))

    @cached_property
    def may_credit(self) -> bool:
        if self.length > _CREDIT:
            return False
        if self.phrases.credits.search(self.lower):
            return True
        bracketed = _BRACKETED.match(self.block.text)  # "(With inputs ...)", "(AFP)"
        return bool(bracketed) and not self.phrases.more.match(self.bare)

    @property
    def is_label(self) -> bool:
        """A button or a mark, which is cut wherever it stands."""
        if not 0 < self.length <= _SHORT_LINE or self.block.kind is BlockKind.CODE:
            return False
        if not self.bare:  # an arrow, a line of dashes
            return self.length <= 3 and self.block.kind is not BlockKind.LIST_ITEM
        return self.bare in self.phrases.labels or self._shares

    @property
    def _shares(self) -> bool:
        text = self.bare.partition(" (")[0]  # "(opens in new window)"
        if text in self.phrases.services:
            return False  # one name alone may be anything
        if text.startswith(self.phrases.verbs):
            for verb in self.phrases.verbs:
                if text.startswith(verb) and not text[len(verb) : len(verb) + 1].isalnum():
                    text = text[len(verb) :]
                    break
        words = [word.strip("()[],.:;|·•/&") for word in text.split()]
        return all(not w or w in self.phrases.services for w in words)

    @property
    def leads_elsewhere(self) -> bool:
        """A line that leads to the rest of the text, or to other stories."""
        # Whether it may credit is asked last: it costs most.
        return self.length <= _LINE and self._leads and not self.may_credit

    @property
    def _leads(self) -> bool:
        lower = self.lower
        short = self.length <= _SHORT_LINE
        if short and self.phrases.more.match(lower) and not self._leads_to_outlet:
            return self.linked > 0.5 or not self.ends
        match = self.phrases.related.match(lower)
        if match is None:
            return False
        if self.linked > 0.5:
            return True
        if self.ends and not match[0].endswith((":", "|")):
            return False
        after = lower[match.end() :].lstrip()
        return not after or match[0].endswith((":", "|", "-", "–")) or after[0] in ":|-–—>»"

    @cached_property
    def _leads_to_outlet(self) -> bool:
        """Whether it leads to somebody's page by name: "Continue reading at Quay News"."""
        return _AT_OUTLET.search(self.block.text) is not None

    @cached_property
    def invites(self) -> bool:
        """A call to subscribe, follow, download, give."""
        if self.length > _APPEAL:
            return False
        if self.length <= _LINE and self.phrases.invites.match(self.lower):
            personal = self.phrases.persons.search(self.lower)
            calls = bool(personal) or self.linked > 0 or self.length <= 60
            return calls and not self.may_credit
        return self._appeals and not self.may_credit

    @property
    def _appeals(self) -> bool:
        appeals = {match[0] for match in self.phrases.appeal_words.finditer(self.lower)}
        if len(appeals) < 2 or self.phrases.persons.search(self.lower) is None:
            return False
        return len(appeals) > 2 or not any(mark in self.lower for mark in '"“”„«»')

    @property
    def is_pages(self) -> bool:
        return self.length <= _SHORT_LINE and bool(_PAGES.fullmatch(self.lower))

    @cached_property
    def is_full(self) -> bool:
        """A full paragraph: long enough, ended, not mostly links, no appeal."""
        if self.block.kind not in (BlockKind.PARAGRAPH, BlockKind.QUOTE):
            return False
        if self.length < _FULL_PARAGRAPH and self._weight < _FULL_PARAGRAPH:
            return False
        if self.linked > 0.5 or self.invites:
            return False
        return self.ends and not _ELLIPSIS.search(self.block.text[-_END:])

    @cached_property
    def ends(self) -> bool:
        """Whether it ends as a sentence does."""
        return bool(_TERMINAL.search(self.block.text[-_END:]))

    @property
    def _weight(self) -> int:
        # A letter of a script without small words says as much as two or three Latin ones.
        return self.length + 2 * len(_WIDE.findall(self.block.text))

    @property
    def is_link(self) -> bool:
        return self.linked > 0.85

    @property
    def introduces(self) -> bool:
        """A short line that stands before a list: "More from the harbour:"."""
        if self.may_credit or self.length > _SHORT_LINE:
            return False
        return self.block.kind is BlockKind.HEADING or self.block.text.endswith(":")


def _without_lead(text: str) -> str:
    lead = _LEAD.match(text)
    return text[lead.end() :] if lead else text


def _without_sections(seen: Sequence[_Seen]) -> list[_Seen]:
    kept: list[_Seen] = []
    index = 0
    while index < len(seen):
        one = seen[index]
        if not one.is_heading or one.may_credit:
            kept.append(one)
            index += 1
            continue
        told = any(s.is_full for s in kept)
        if one.is_final and told:
            break
        end = _end_of_section(seen, index + 1)
        if end == len(seen) and not kept:  # a text that is called "Latest news"
            end = index + 1
        # The heading stays with them: what follows it may credit other texts than this one.
        credits_in = [s for s in seen[index + 1 : end] if s.may_credit]
        kept += [one, *credits_in] if credits_in else []
        index = end
    return kept


def _end_of_section(seen: Sequence[_Seen], start: int) -> int:
    """Where the story goes on: at a full paragraph that no linked headline announces."""
    for index in range(start, len(seen)):
        if not seen[index].is_full or seen[index].may_credit:
            continue
        before = seen[index - 1]
        headed = index > start and not before.is_heading
        if headed and before.is_link and before.length > 15:
            continue  # a teaser: headline and first words of another story
        if headed and before.block.kind is BlockKind.HEADING:
            return index - 1
        return index
    return len(seen)


def _without_tail(seen: list[_Seen]) -> list[_Seen]:
    gone: set[int] = set()
    index = len(seen) - 1
    while index >= 0:
        one = seen[index]
        if one.may_credit or one.block.kind is BlockKind.CAPTION:
            index -= 1
            continue
        if links := _links_that_end(seen, index):
            gone.update(range(index - links + 1, index + 1))
            index -= links
            if index >= 0 and seen[index].introduces:
                gone.add(index)
                index -= 1
            continue
        credits_follow = index + 1 < len(seen) and index + 1 not in gone
        if not (one.is_pages or one.invites or (one.is_heading and not credits_follow)):
            break
        gone.add(index)
        index -= 1
    return [s for i, s in enumerate(seen) if i not in gone]


def _links_that_end(seen: Sequence[_Seen], end: int) -> int:
    """The length of the list of nothing but links that ends at `end`; 0 where there is none."""
    start = end
    while start >= 0 and seen[start].is_link and not seen[start].may_credit:
        start -= 1
    links = end - start
    if links == 0 or (start >= 0 and seen[start].may_credit):
        return 0
    listed = all(s.block.kind is BlockKind.LIST_ITEM for s in seen[start + 1 : end + 1])
    enough = 2 if listed else 3
    if start >= 0 and seen[start].introduces and (listed or seen[start].block.text.endswith(":")):
        enough = 1
    return links if links >= enough else 0


def _without_head(seen: list[_Seen]) -> list[_Seen]:
    start = 0
    while start < len(seen) and seen[start].length <= _LINE:
        if not (seen[start].is_pages or seen[start].invites):
            break
        start += 1
    return seen[start:]


def _without_last_link(block: Block, phrases: Phrases) -> Block:
    """The block without a "Read more" that is linked at its end."""
    if not block.links:
        return block
    last = block.links[-1]
    text = block.text[last.start : last.end]
    if last.start == 0 or len(text) > _SHORT_LINE or len(block.text) - last.end > 3:
        return block
    lower = _without_lead(text.casefold().replace("’", "'"))
    if not phrases.more.match(lower) or phrases.credits.search(lower):
        return block
    # In "This story appeared on Quay News. Read more" the link is the credit's.
    if phrases.credits.search(block.text[max(0, last.start - _CREDIT) : last.start].casefold()):
        return block
    rest = block.text[: last.start].rstrip(" [(")
    links = tuple(Link(k.start, min(k.end, len(rest)), k.url) for k in block.links[:-1])
    return Block(rest, block.kind, links) if rest else block
