"""A made-up corpus of news as outlets republish it, with known truth and hard negatives.

A line is `{id, outlet, url, title, html, published, truth, edits}`, in order of time; two are
copies exactly when `truth` is equal. `language` says what it is written in. What is copied is
re-headlined, cut, cut to a teaser, given another dateline and local paragraphs, edited, shortened
by words, joined, reordered, updated, and followed by boilerplate and teasers of other stories.
What is no copy looks like one: reports from one template, roundups, one statement in two stories,
two accounts of one event, columns and notices whose boilerplate is longer than their text.

    python -m benchmarks.republish --documents 4000 --rough 1 >corpus.jsonl
"""

import argparse
import copy
import html
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from benchmarks.tongues import Paragraph, Sentence, Story, Tongue, Writer, headline, plain, tongues

_START = 1_780_000_000
_WEEK = 7 * 86400
_OUTLETS = (
    "Harbour Courier",
    "The Valley Post",
    "Morning Herald",
    "Island Gazette",
    "Northern Echo Online",
    "City Ledger",
    "The Plain Speaker",
    "Riverside Times",
    "Evening Standard Bearer",
    "Hilltop Chronicle",
)
_DATELINES = ("{} (AFP) - ", "{}, June 5 (Xinhua) -- ", "{}: ", "{} (AP) — ", "{} | ")


@dataclass
class Draft:
    """A text on its way into the corpus: its paragraphs as text, for each edit to change."""

    tongue: Tongue
    title: str
    paragraphs: list[str]
    truth: str
    edits: list[str] = field(default_factory=list)


Document = dict[str, object]


class Newsroom:
    """Writes and edits. `rough`: 0 for light edits, 1 for those that outlets make, 2 for worse.

    `length` times as many paragraphs make a story; with 2.1 a document has 2 kB in the middle.
    """

    def __init__(
        self, seed: int, rough: float, languages: Sequence[str], length: float = 1.0
    ) -> None:
        self._dice = Random(seed)
        self._rough = rough
        self._length = length
        known = tongues()
        self._tongues = [known[code] for code in languages]
        self._notices: dict[tuple[str, str], list[str]] = {}
        self._numbers = 0

    def corpus(self, documents: int) -> list[Document]:
        """About so many documents, in order of time."""
        made: list[Document] = []
        while len(made) < documents:
            tongue = self._dice.choice(self._tongues)
            kind = self._dice.choices(
                (
                    *(self._republished, self._alone, self._templated),
                    *(self._statement, self._accounts, self._column, self._notice, self._roundup),
                ),
                (30, 22, 14, 5, 5, 3, 3, 4),
            )[0]
            made += kind(tongue)
        made.sort(key=_when)
        for number, document in enumerate(made):
            document["id"] = f"g{number:06d}"
            document["url"] = f"https://{_domain(str(document['outlet']))}/story/{number}"
        return made

    # ------------------------------------------------------------------------ what is copied

    def _republished(self, tongue: Tongue) -> Iterator[Document]:
        dice = self._dice
        story = Writer(tongue, dice).story(self._long(dice.randint(3, 11)))
        truth, start = self._truth("c"), self._moment()
        outlets = dice.sample(_OUTLETS, dice.choice((2, 2, 3, 3, 4, 5, 7)))
        yield self._printed(_draft(story, truth, "original"), outlets[0], start)
        for outlet in outlets[1:]:
            later = start + dice.randint(60, 48 * 3600)
            yield self._printed(self._edited(story, truth), outlet, later)

    def _alone(self, tongue: Tongue) -> Iterator[Document]:
        dice = self._dice
        story = Writer(tongue, dice).story(self._long(dice.choice((1, 2, 3, 5, 8))))
        outlet = dice.choice(_OUTLETS)
        draft = _draft(story, self._truth("s"), "single")
        yield self._printed(draft, outlet, self._moment())

    def _edited(self, story: Story, truth: str) -> Draft:
        dice, rough = self._dice, self._rough
        story = copy.deepcopy(story)
        edits: list[str] = []

        def sometimes(chance: float, name: str, edit: Callable[[Story], None]) -> None:
            if dice.random() < chance:
                edit(story)
                edits.append(name)

        if dice.random() < 0.12:
            self._teaser(story)
            edits.append("teaser")
        else:
            sometimes(0.3, "cut", self._cut)
            sometimes(0.12, "updated", self._updated)
            sometimes(0.06 * rough, "reordered", self._reordered)
            sometimes(0.25, "local", self._local)
        sometimes(0.4, "copyedit", self._copyedited)
        sometimes(0.15, "lost", self._lost)
        sometimes(0.65, "headline", self._reheadlined)
        draft = _draft(story, truth, *edits)
        if dice.random() < 0.15 and len(draft.paragraphs) > 2:
            _join(draft, dice)
        if dice.random() < 0.35:
            place = dice.choice(story.tongue.places)
            draft.paragraphs[0] = dice.choice(_DATELINES).format(place) + draft.paragraphs[0]
            draft.edits.append("dateline")
        if dice.random() < 0.08:
            self._trailers(draft)
        draft.edits = draft.edits or ["verbatim"]
        return draft

    def _cut(self, story: Story) -> None:
        least = 0.25 if self._rough <= 1 else 0.2
        keep = max(1, round(len(story.paragraphs) * self._dice.uniform(least, 0.8)))
        del story.paragraphs[keep:]

    def _teaser(self, story: Story) -> None:
        least = 22 if self._rough <= 1 else 18
        wanted = self._dice.randint(least, 40)
        kept: Paragraph = []
        for sentence in (s for paragraph in story.paragraphs for s in paragraph):
            kept.append([])
            for word in sentence:
                if wanted <= 0:
                    break
                kept[-1].append(word)
                wanted -= len(word.split())
            if wanted <= 0:
                break
        story.paragraphs[:] = [[sentence for sentence in kept if sentence]]

    def _updated(self, story: Story) -> None:
        dice, writer = self._dice, Writer(story.tongue, self._dice)
        for _ in range(min(3, len(story.paragraphs) // 2)):
            place = dice.randrange(len(story.paragraphs) + 1)
            if place > 1 and dice.random() < 0.5:
                story.paragraphs[place - 1] = writer.paragraph()
            elif place or dice.random() < 0.4:
                story.paragraphs.insert(place, writer.paragraph())

    def _reordered(self, story: Story) -> None:
        rest = [s for paragraph in story.paragraphs[1:] for s in paragraph]
        for _ in range(2):
            if len(rest) > 2:
                place = self._dice.randrange(len(rest) - 1)
                rest[place], rest[place + 1] = rest[place + 1], rest[place]
        story.paragraphs[1:] = [[sentence] for sentence in rest]

    def _local(self, story: Story) -> None:
        writer = Writer(story.tongue, self._dice)
        for _ in range(self._dice.randint(1, 2)):
            place = self._dice.randint(1, len(story.paragraphs))
            story.paragraphs.insert(place, writer.paragraph())

    def _copyedited(self, story: Story) -> None:
        chance = 0.025 * (1 + self._rough)

        def other(word: str) -> str:
            kin = story.tongue.kin(word)
            if kin and self._dice.random() < chance:
                return self._dice.choice(kin)
            if word.endswith(" km") and self._dice.random() < 0.3:
                return f"{float(word[:-3].replace(',', '')) * 0.62:.0f} mi"
            return word

        story.paragraphs[:] = [[[*map(other, s)] for s in p] for p in story.paragraphs]

    def _lost(self, story: Story) -> None:
        chance = 0.05 if self._rough <= 1 else 0.08
        story.paragraphs[:] = [
            [[w for w in s if self._dice.random() >= chance] or s for s in p]
            for p in story.paragraphs
        ]

    def _reheadlined(self, story: Story) -> None:
        dice, title = self._dice, story.title
        how = dice.randrange(4)
        if how == 0:
            middle = len(title) // 2
            title[:] = title[middle:] + title[:middle]
        elif how == 1:
            title[:] = story.paragraphs[0][0][:6]
        elif how == 2:
            title[:] = [w for w in title if dice.random() < 0.6] or title
        else:
            title[:] = [dice.choice(story.tongue.nouns), *title[:1], *story.paragraphs[0][0][1:4]]

    def _boilerplate(self, draft: Draft, outlet: str) -> None:
        """What this outlet puts below most that it prints, if it does: a few paragraphs."""
        if _OUTLETS.index(outlet) % 2 or self._dice.random() < 0.3:
            return
        key = outlet, draft.tongue.code
        if key not in self._notices:
            writer = Writer(draft.tongue, self._dice)
            self._notices[key] = [plain(draft.tongue, writer.paragraph()) for _ in range(4)]
        notices = self._notices[key]
        draft.paragraphs += notices[: self._dice.randint(2, len(notices))]
        draft.edits.append("boilerplate")

    def _trailers(self, draft: Draft) -> None:
        for _ in range(3):
            story = Writer(draft.tongue, self._dice).story(1)
            draft.paragraphs.append(headline(draft.tongue, story.title))
        draft.edits.append("trailers")

    # --------------------------------------------------------------------- what is no copy

    def _templated(self, tongue: Tongue) -> Iterator[Document]:
        """Reports of one form, each with other names and figures: two of them or many."""
        dice = self._dice
        writer = Writer(tongue, dice)
        sentences = [writer.sentence() for _ in range(dice.randint(3, 6))]
        title = writer.title()
        facts = dice.choice((2, 2, 3, 4, 6, 8))
        slots = _slots(sentences, facts, writer, dice)
        subject = dice.sample(tongue.places, 8)
        start, one_outlet = self._moment(), dice.random() < 0.5
        outlet = dice.choice(_OUTLETS)
        for number in range(dice.choice((2, 3, 4, 8))):
            text = copy.deepcopy(sentences)
            told = title.copy()
            told[0] = subject[number]
            for order, (s, w) in enumerate(slots):
                # The first fact is what the report is about, and stands in its title.
                text[s][w] = subject[number] if order == 0 else f"{dice.randint(1, 9999) / 10:g}"
            half = (len(text) + 1) // 2
            paragraphs = [plain(tongue, text[:half]), plain(tongue, text[half:])]
            name = headline(tongue, told if dice.random() < 0.7 else title)
            draft = Draft(tongue, name, paragraphs, self._truth("t"), ["templated"])
            moment = start + number * dice.choice((3600, 86400))
            yield self._printed(draft, outlet if one_outlet else dice.choice(_OUTLETS), moment)

    def _roundup(self, tongue: Tongue) -> Iterator[Document]:
        """Six stories and a text that quotes the first lines of each, before or after them."""
        dice = self._dice
        start, lines = self._moment(), []
        named = dice.random() < 0.5
        for _ in range(6):
            story = Writer(tongue, dice).story(self._long(dice.randint(2, 7)))
            if named:
                lines.append(headline(tongue, story.title))
            lines.append(plain(tongue, story.paragraphs[0][:2]))
            truth, when = self._truth("c"), start + dice.randint(-20000, 20000)
            outlet = dice.choice(_OUTLETS)
            draft = _draft(story, truth, "original")
            yield self._printed(draft, outlet, when)
            if dice.random() < 0.3:
                teaser = copy.deepcopy(story)
                self._teaser(teaser)
                yield self._printed(
                    _draft(teaser, truth, "teaser"), dice.choice(_OUTLETS), when + 9000
                )
        title = headline(tongue, Writer(tongue, dice).title())
        roundup = Draft(tongue, title, lines, self._truth("r"), ["roundup"])
        yield self._printed(roundup, dice.choice(_OUTLETS), start)

    def _statement(self, tongue: Tongue) -> Iterator[Document]:
        """Two stories that carry the same statement."""
        dice = self._dice
        statement = [
            sentence
            for _ in range(dice.randint(1, 3))
            for sentence in Writer(tongue, dice).paragraph()
        ]
        start = self._moment()
        for _ in range(2):
            story = Writer(tongue, dice).story(self._long(dice.randint(3, 7)))
            story.paragraphs.insert(dice.randint(1, 2), statement)
            draft = _draft(story, self._truth("q"), "shared-quote")
            yield self._printed(draft, dice.choice(_OUTLETS), start + dice.randint(0, 40000))

    def _accounts(self, tongue: Tongue) -> Iterator[Document]:
        """Two accounts of one event: the same cast, one sentence quoted by both."""
        dice = self._dice
        writer = Writer(tongue, dice)
        quote, start = writer.sentence(), self._moment()
        for outlet in dice.sample(_OUTLETS, 2):
            story = writer.story(dice.randint(2, 6))
            story.paragraphs[-1].append(quote)
            draft = _draft(story, self._truth("a"), "accounts")
            yield self._printed(draft, outlet, start + dice.randint(0, 40000))

    def _column(self, tongue: Tongue) -> Iterator[Document]:
        """A daily column: it opens and closes alike, and says something else in between."""
        dice, writer = self._dice, Writer(tongue, self._dice)
        opening, closing = plain(tongue, writer.paragraph()), plain(tongue, writer.paragraph())
        start, outlet = self._moment(), dice.choice(_OUTLETS)
        for day in range(dice.randint(2, 5)):
            story = Writer(tongue, dice).story(dice.randint(1, 3))
            draft = _draft(story, self._truth("d"), "column")
            draft.paragraphs = [opening, *draft.paragraphs, closing]
            yield self._printed(draft, outlet, start + day * 86400)

    def _notice(self, tongue: Tongue) -> Iterator[Document]:
        """Items that carry no text of their own: one notice under headline after headline."""
        dice = self._dice
        notice = plain(tongue, [Writer(tongue, dice).sentence() for _ in range(2)])
        start, outlet = self._moment(), dice.choice(_OUTLETS)
        for number in range(dice.randint(2, 4)):
            title = headline(tongue, Writer(tongue, dice).title())
            draft = Draft(tongue, title, [notice], self._truth("n"), ["notice"])
            yield self._printed(draft, outlet, start + number * 5000)

    # ------------------------------------------------------------------------ small tools

    def _long(self, paragraphs: int) -> int:
        return round(paragraphs * self._length)

    def _truth(self, kind: str) -> str:
        self._numbers += 1
        return f"{kind}{self._numbers}"

    def _moment(self) -> int:
        return _START + self._dice.randrange(_WEEK)

    def _printed(self, draft: Draft, outlet: str, when: int) -> Document:
        if draft.edits != ["notice"]:
            self._boilerplate(draft, outlet)
        return {
            "outlet": outlet,
            "title": draft.title,
            "html": _markup(draft.paragraphs, self._dice),
            "published": when,
            "truth": draft.truth,
            "edits": draft.edits,
            "language": draft.tongue.code,
        }


def _draft(story: Story, truth: str, *edits: str) -> Draft:
    tongue = story.tongue
    paragraphs = [plain(tongue, paragraph) for paragraph in story.paragraphs]
    return Draft(tongue, headline(tongue, story.title), paragraphs, truth, list(edits))


def _join(draft: Draft, dice: Random) -> None:
    joined: list[str] = []
    for paragraph in draft.paragraphs:
        if joined and dice.random() < 0.5:
            blank = " " if draft.tongue.join or draft.tongue.stop == " " else ""
            joined[-1] += blank + paragraph
        else:
            joined.append(paragraph)
    draft.paragraphs = joined
    draft.edits.append("merged")


def _slots(
    sentences: list[Sentence], facts: int, writer: Writer, dice: Random
) -> list[tuple[int, int]]:
    """Where a form is filled in; the first is in its first sentence."""
    link = dice.choice(writer.tongue.links)
    sentences[0][2:2] = [link, "?"]
    slots = [(0, 3)]
    for _ in range(facts - 1):
        s = dice.randrange(len(sentences))
        w = dice.randrange(4, len(sentences[s]) + 1) if len(sentences[s]) > 4 else len(sentences[s])
        sentences[s][w:w] = [dice.choice(writer.tongue.links), "?", dice.choice(writer.nouns)]
        slots = [(a, b + 3 if a == s and b >= w else b) for a, b in slots]
        slots.append((s, w + 1))
    return slots


def _markup(paragraphs: Iterable[str], dice: Random) -> str:
    escaped = [html.escape(paragraph) for paragraph in paragraphs]
    how = dice.randrange(3)
    if how == 0:
        return "<br/><br/>".join(escaped)
    tag = "p" if how == 1 else "div"
    text = "".join(f"<{tag}>{paragraph}</{tag}>" for paragraph in escaped)
    return text if how == 1 else f'<div class="story">{text}</div>'


def _when(document: Document) -> float:
    return float(str(document["published"]))


def _domain(outlet: str) -> str:
    return outlet.lower().replace(" ", "-") + ".example"


def main() -> None:
    """Print a corpus."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--documents", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rough", type=float, default=1.0)
    parser.add_argument("--languages", default=",".join(tongues()))
    wish = parser.parse_args()
    newsroom = Newsroom(wish.seed, wish.rough, wish.languages.split(","))
    for document in newsroom.corpus(wish.documents):
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
