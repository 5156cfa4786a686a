"""Made-up news for the tests: stories with nothing in common, forms to fill in, other scripts."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.match import MemoryIndex, decide, fingerprint
from aggregator.model import Decision, Document

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """A story: its headline and its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.paragraphs)


class Reader:
    """Reads documents one after the other, as the daemon does."""

    def __init__(self) -> None:
        self.index = MemoryIndex()
        self._stories = 0
        self._clock = NOW

    def read(self, text: str, title: str = "", outlet: str = "") -> Decision:
        """Decide about a text and add it to the index."""
        self._clock += timedelta(minutes=1)
        document = Document(outlet, title, text, self._clock)
        decision = decide(document, self.index)
        story = decision.story
        if story is None:
            self._stories += 1
            story = self._stories
        self.index.add(story, document, fingerprint(document))
        return decision


FERRY = Told(
    "Old ferry to Skarholm makes its last crossing",
    (
        "The ferry Margrethe left Skarholm for the last time on Tuesday, ending a service that "
        "has carried islanders and their cattle across the Lunde strait since 1931.",
        "About four hundred people stood on the quay in the rain as captain Ingrid Thorsen "
        "sounded the horn three times and turned the small white ship towards the mainland.",
        "A bridge of 2.4 kilometres, opened in October by transport minister Jonas Ekeland, "
        "takes cars across in three minutes; the ferry needed forty.",
        "“My grandfather collected the fares on her first day, and I collected them on her "
        "last,” said Anders Lie, who has worked on deck for nineteen years. “Nobody asked for "
        "a ticket today.”",
        "The council of Skarholm had argued that the bridge toll of 85 crowns would keep "
        "pensioners at home, but a motion to run the ferry on Sundays only was lost by a single "
        "vote.",
        "Three other islands in the county still depend on boats, and their mayors have asked "
        "Oslo for a promise that none of them will be next.",
        "The Margrethe is to become a floating library in Bergen, where a foundation has paid "
        "one crown for her and six million for a new hull.",
    ),
)
MILL = Told(
    "Paper mill at Dunholt to close with loss of 310 jobs",
    (
        "Harrow & Penn said on Friday it would shut its paper mill at Dunholt in September, with "
        "the loss of 310 jobs, after two years in which the price of energy doubled.",
        "Workers were told at the change of shift in the canteen, where chief executive Maria "
        "Colquhoun spoke for four minutes and took no questions.",
        "The mill makes the thin paper that prayer books and medicine leaflets are printed on, "
        "and is the last of its kind in the north of the country.",
        "Union secretary Bill Ashdown called the decision a betrayal and said that members had "
        "given up two pay rises to buy a boiler that now stands unused.",
        "Colquhoun said the company had looked for a buyer since the spring and found none that "
        "would take on the pension fund, which lacks eleven million pounds.",
        "Dunholt, a town of nine thousand on the river Esk, lost its cotton works in 1998 and its "
        "railway station four years later.",
    ),
)
SCHOOL = Told(
    "Village teacher wins national prize for a weather station",
    (
        "A primary school teacher from Abara has won the national science prize for a weather "
        "station that her pupils built from bicycle parts and yoghurt pots.",
        "Nadia Oyelaran, 34, received the award in the capital on Thursday together with six of "
        "the children, none of whom had seen a lift before.",
        "The station has measured rain, wind and the level of the stream every hour for three "
        "years, and farmers telephone the school before they sow.",
        "“The ministry has a forecast for the province, which is larger than Belgium,” she told "
        "the audience. “We have one for our valley, and it has goats in it.”",
        "The prize is worth 20,000 naira a month for two years, which the school board wants to "
        "spend on a second station at the top of the pass.",
    ),
)
STORIES = (FERRY, MILL, SCHOOL)

NOTICE = (
    "You have read all of your free articles for this month. Take out a subscription today and "
    "get full access to everything we publish, on every device, for less than a cup of coffee.",
    "Our reporters depend on readers like you. Sign in if you are a member already, or call our "
    "service desk between nine and five on working days.",
)
LOCAL = (
    "People in the market town of Wexcombe, where a delegation is expected next week, said they "
    "had read about it with mixed feelings and would rather have the bypass.",
    "The county archive keeps photographs of a similar case from before the war, which visitors "
    "can see on Wednesday afternoons when the volunteers are in.",
)


def weather(town: str, high: int, low: int, wind: str) -> str:
    return (
        f"The weather office expects a high of {high} degrees and a low of {low} degrees in {town} "
        f"today, with a breeze from the {wind} that drops towards evening.\n"
        "Walkers in the hills should carry a map and a warm layer, because mist can form quickly "
        "on the tops at this time of the year and paths are slippery after rain.\n"
        "The next bulletin is published at six, and warnings are sent by text message to those "
        "who have asked for them at the town hall."
    )


def earnings(company: str, profit: str, before: str, dividend: int) -> str:
    return (
        f"{company} said net profit for the quarter was {profit} million crowns, compared with "
        f"{before} million crowns in the same period a year earlier.\n"
        "The board said that demand in its main markets had been steady, that costs were under "
        "control and that it looked to the rest of the year with confidence.\n"
        f"It declared a dividend of {dividend} cents a share, payable on the last day of the month "
        "to holders of record."
    )


def closing(place: str, points: str, level: str) -> str:
    return (
        f"Shares on the {place} exchange closed {points} points higher at {level} in quiet "
        "trading, dealers said, as investors waited for tomorrow's figures on trade.\n"
        "Gainers outnumbered losers, but volume was thin and most funds stayed on the sidelines "
        "before the long weekend, when the exchange is closed."
    )


@dataclass(frozen=True)
class Written:
    """In one script a story, and a form with two facts to fill in: a place and a figure."""

    story: str
    form: str
    facts: list[list[str]]


SCRIPTS = {
    name: Written(**table)
    for name, table in tomllib.loads(
        Path(__file__).with_name("scripts.toml").read_text("utf-8")
    ).items()
}
