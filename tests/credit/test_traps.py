"""What looks like a credit and is none."""

import pytest

from aggregator.model import BlockKind, Mark, MarkKind, Outlet, Role
from tests.credit.reading import STORY, Block, at_end, at_head, dated, linked, names, read


@pytest.mark.parametrize(
    "dateline",
    [
        "WEXCOMBE, Mo. (KWXC) — ",
        "HOLMS, Va. (WHLM/CNS) - ",
        "WEXCOMBE, Pa. (WXCB) ",
        "BALTIMORE (WBFF) - ",
        "WEXCOMBE (Gazette) — ",
        "PORTLAND, Ore. (Portland Tribune) — ",
        "Armed Forces of the Philippines (AFP) ",
        "Upper Paradise (UP) - ",
        "HARRISBURG, PA — ",
    ],
)
def test_a_station_or_place_in_a_dateline_is_no_agency(dateline: str) -> None:
    assert dated(dateline) == ()


@pytest.mark.parametrize(
    "kind", [BlockKind.CAPTION, BlockKind.QUOTE, BlockKind.ASIDE, BlockKind.CODE]
)
@pytest.mark.parametrize(
    "line", ["This story originally appeared in Moor Echo.", "Source: Reuters", "(Reuters)"]
)
def test_captions_quotations_asides_and_code_credit_nobody(kind: BlockKind, line: str) -> None:
    assert read(*STORY, Block(line, kind)) == ()
    assert read(Block(line, kind), *STORY) == ()


@pytest.mark.parametrize(
    "line",
    [
        "Photo: Reuters",
        "Photo by Jane Roe/AFP via Getty Images",
        "Image source: Moor Echo",
        "Image: Shutterstock",
        "Video courtesy of Moor Echo",
        "Featured image via Moor Echo",
        "Foto: dpa",
        "Bild: Moorbote",
        "Crédit photo : AFP",
        "Foto de archivo: EFE",
        "Фото: РИА Новости",
        "图片来源：视觉中国",
        "写真：時事通信",
        "사진=연합뉴스",
        "The cover photo first appeared in Moor Echo.",
    ],
)
def test_the_credit_of_a_picture_is_not_the_text_s(line: str) -> None:
    assert at_end(line) == ()
    assert at_head(line) == ()


@pytest.mark.parametrize(
    "line",
    [
        "The board would not wait any longer, its chairman told Reuters.",
        "According to the Associated Press, seven captains had asked for it.",
        "He said this in an interview with The Guardian, which was published on Monday.",
        "Source: the harbour board’s minutes",
        "Sources: World Bank, OECD, own calculations",
        "Share this story via WhatsApp.",
        "Follow us on Google News.",
        "Sign up for our newsletter, The Night Boat.",
        "Read more at the harbour board’s website.",
        "She used to write for The New York Times and the BBC.",
        "“This story originally appeared in Moor Echo,” it says under the captain’s poem.",
        "He had found the line “Source: Reuters” at the end of a forged leaflet.",
        "This story was originally published on March 3, 2026.",
        "This article was first published in 2019 and has been updated.",
        "Originally published on Monday at 9 p.m.",
        "This story originally appeared in print on page B4.",
        "The novel first appeared in The Atlantic in 1911 and made her famous overnight.",
        "The film was first published as a serial in Moor Echo, and won three prizes.",
        "Nach Angaben der dpa tagte der Rat drei Stunden.",
        "Selon l’AFP, sept capitaines l’avaient demandé.",
        "Según EFE, siete capitanes lo habían pedido.",
        "Об этом сообщает ТАСС.",
        "据新华社报道，七名船长曾提出请求。",
        "Hal itu dikatakannya kepada Antara.",
    ],
)
def test_a_sentence_that_only_speaks_of_an_outlet_credits_nobody(line: str) -> None:
    found = at_end(line)
    assert [credit for credit in found if credit.role is not Role.REPORTING] == []


@pytest.mark.parametrize(
    "line",
    [
        "This story originally appeared in the Wexcombe Gazette.",
        "The post Ferry to run all night appeared first on Wexcombe Gazette.",
        "This story was first published in The Gazette.",
        "Originally published on wexcombegazette.example",
        "© 2026 Wexcombe Gazette. All rights reserved.",
        "Source: www.wexcombegazette.example",
        "First published by Gazette Weekend in March.",
        "This article first appeared in our newsletter, Low Tide.",
    ],
)
def test_the_carrier_under_any_of_its_names_credits_nobody(line: str) -> None:
    carrier = Outlet(
        "Wexcombe Gazette", ("wexcombegazette.example",), ("The Gazette", "Gazette Weekend")
    )
    assert at_end(line, carrier=carrier) == ()


def test_a_link_home_in_a_credit_line_is_a_self_reference() -> None:
    line = linked(
        "This story first appeared here.", here="https://www.wexcombegazette.example/2026/a"
    )
    assert at_end(line) == ()


@pytest.mark.parametrize("heading", ["Related", "Read also", "Lesen Sie auch", "Lire aussi"])
def test_teasers_of_other_texts_credit_nobody(heading: str) -> None:
    assert (
        read(
            *STORY,
            Block(heading, BlockKind.HEADING),
            Block("Islanders wave goodbye", BlockKind.LIST_ITEM),
            Block("The post Islanders wave goodbye appeared first on Moor Echo."),
            Block("Source: Reuters", BlockKind.LIST_ITEM),
        )
        == ()
    )


@pytest.mark.parametrize(
    "mark",
    [
        Mark(MarkKind.SYNDICATION_SOURCE, url="https://wexcombegazette.example/2026/ferry"),
        Mark(MarkKind.SYNDICATION_SOURCE, url="https://m.wexcombegazette.example/2026/ferry"),
        Mark(MarkKind.CANONICAL, url="https://moorecho.example/"),
        Mark(MarkKind.CANONICAL, url="https://moorecho.example/index.html"),
        Mark(MarkKind.CANONICAL, url="/2026/ferry"),
        Mark(MarkKind.CANONICAL, url="https://wexcombe-example.cdn.ampproject.org/c/s"),
        Mark(MarkKind.OG_URL, url="https://moorecho.example"),
        Mark(MarkKind.RSS_SOURCE, "Google News", "https://news.google.com/rss"),
        Mark(MarkKind.RSS_SOURCE, "Wexcombe Gazette", "https://wexcombegazette.example/feed"),
        Mark(MarkKind.AUTHOR, "Jane Roe"),
        Mark(MarkKind.AUTHOR, "admin"),
        Mark(MarkKind.AUTHOR, "noreply@blogger.com (Unknown)"),
        Mark(
            MarkKind.JSON_LD, "Wexcombe Gazette", quote='"publisher": {"name": "Wexcombe Gazette"}'
        ),
        Mark(MarkKind.JSON_LD, "Roe Newspapers", quote='"publisher": {"name": "Roe Newspapers"}'),
        Mark(MarkKind.DC_PUBLISHER, "webmaster"),
        Mark(MarkKind.EXTERNAL_URL, url="https://wexcombegazette.example/2026/b"),
        Mark(MarkKind.ORIG_LINK, url="https://bit.ly/3xYz"),
        Mark(MarkKind.COUNTER, "Wexcombe Gazette", "https://wexcombegazette.example/count"),
    ],
)
def test_a_mark_that_leads_home_or_nowhere_credits_nobody(mark: Mark) -> None:
    assert read(*STORY, marks=[mark]) == ()


def test_a_name_with_markup_in_it_is_none() -> None:
    assert names(at_end("This story originally appeared on <b>Moor Echo</b>.")) == []


def test_a_credit_line_in_the_middle_of_a_long_text_is_the_text_s_matter() -> None:
    paragraph = Block("The harbour board has met again. " * 30)
    middle = Block("Source: Reuters")
    assert read(*[paragraph] * 8, middle, *[paragraph] * 8) == ()
