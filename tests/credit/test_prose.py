"""Credit lines in sentences."""

import pytest

from aggregator.credit.ranks import Rank
from aggregator.model import Extent, Outlet, OutletKind, Role
from tests.credit.reading import STORY, Block, at_end, at_head, linked, names, read


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("This story was first published by The Guardian.", "The Guardian"),
        ("This article originally appeared in the print edition of Wired.", "WIRED"),
        ("Originally published at Quarry Hill Review", "Quarry Hill Review"),
        (
            "(This piece is republished from Moor Echo under a Creative Commons licence.)",
            "Moor Echo",
        ),
        ("Reprinted with permission from The Brackwater Bugle.", "The Brackwater Bugle"),
        ("Editor’s note: the above column ran first in Moor Echo on 3 March.", "Moor Echo"),
        ("Source: Moor Echo", "Moor Echo"),
        ("Dieser Beitrag erschien zuerst bei Moorbote.", "Moorbote"),
        ("Cet article a d'abord été publié par Les Échos du Marais.", "Les Échos du Marais"),
        ("Este texto se publicó originalmente en La Voz del Muelle.", "La Voz del Muelle"),
        ("Este artigo foi publicado originalmente no Correio do Cais.", "Correio do Cais"),
        ("Questo articolo è apparso per la prima volta su Il Molo.", "Il Molo"),
        ("Dit artikel verscheen eerder in De Havenbode.", "De Havenbode"),
        ("Artikeln publicerades först i Hamnbladet.", "Hamnbladet"),
        ("Artykuł ukazał się pierwotnie w serwisie Głos Portu.", "Głos Portu"),
        ("Впервые опубликовано на сайте «Голос причала».", "Голос причала"),
        ("Вперше опубліковано на сайті «Голос причалу».", "Голос причалу"),
        ("Bu yazı ilk olarak Rıhtım Postası'nda yayımlandı.", "Rıhtım Postası"),
        ("نُشر هذا المقال أولاً في صحيفة صدى المرفأ.", "صدى المرفأ"),
        ("यह लेख सबसे पहले घाट समाचार में प्रकाशित हुआ था।", "घाट समाचार"),
        ("本文首发于码头日报。", "码头日报"),
        ("この記事は波止場新聞に最初に掲載されました。", "波止場新聞"),
        ("이 기사는 부두일보에 처음 실렸습니다.", "부두일보"),
        ("Bài viết này được đăng lần đầu trên Báo Bến Cảng.", "Bến Cảng"),
        ("Artikel ini pertama kali terbit di Kabar Dermaga.", "Kabar Dermaga"),
    ],
)
def test_a_line_at_the_end_credits_who_published_first(line: str, name: str) -> None:
    found = at_end(line)
    assert names(found) == [name]
    assert all(credit.extent is Extent.FULL for credit in found)


def test_a_line_at_the_head_counts_as_one_at_the_end() -> None:
    assert names(at_head("This story originally appeared in Moor Echo.")) == ["Moor Echo"]


def test_the_quote_is_in_the_block_that_is_named_word_by_word() -> None:
    (credit,) = at_end("  This story originally appeared in “Moor Echo”.  ")
    assert credit.block == len(STORY)
    assert credit.quote == "This story originally appeared in “Moor Echo"
    assert credit.as_written == "Moor Echo"


def test_brackets_around_a_line_are_part_of_its_quote() -> None:
    (credit,) = at_end("(This story originally appeared in Moor Echo.)")
    assert credit.quote == "(This story originally appeared in Moor Echo.)"


def test_the_link_of_a_line_gives_the_page_and_the_domain() -> None:
    line = linked(
        "This story originally appeared in Moor Echo.",
        **{"Moor Echo": "https://www.moorecho.example/2026/ferry"},
    )
    (credit,) = at_end(line)
    assert (credit.url, credit.domain) == (
        "https://www.moorecho.example/2026/ferry",
        "moorecho.example",
    )
    assert credit.rank == Rank.PROSE_LINK


def test_a_link_on_read_the_full_story_is_the_page_of_who_is_credited() -> None:
    line = linked(
        "This story originally appeared on Moorecho.example - read the full story",
        **{"read the full story": "https://moorecho.example/2026/ferry"},
    )
    (credit,) = at_end(line)
    assert credit.url == "https://moorecho.example/2026/ferry"


def test_a_site_s_root_is_no_page_of_the_text() -> None:
    line = linked(
        "Originally published at Moor Echo.", **{"Moor Echo": "https://moorecho.example/"}
    )
    (credit,) = at_end(line)
    assert (credit.url, credit.domain) == ("", "moorecho.example")


def test_a_known_outlet_has_its_name_and_domain_whatever_it_is_called() -> None:
    (credit,) = at_end("This story originally appeared on Ndtv.com")
    assert (credit.name, credit.as_written, credit.domain) == ("NDTV", "Ndtv.com", "ndtv.com")


def test_the_wordpress_footer_credits_the_site_it_names() -> None:
    line = linked(
        "The post Ferry to run all night appeared first on Moor Echo.",
        **{
            "Ferry to run all night": "https://moorecho.example/ferry",
            "Moor Echo": "https://moorecho.example",
        },
    )
    (credit,) = at_end(line)
    assert (credit.name, credit.url) == ("Moor Echo", "https://moorecho.example/ferry")


def test_who_distributes_comes_before_who_wrote() -> None:
    found = at_end("© 2026 The Seattle Times. Distributed by Tribune Content Agency, LLC.")
    assert names(found)[-1] == "The Seattle Times"


def test_an_agency_in_a_line_is_an_agency() -> None:
    (credit,) = at_end("Source: Reuters")
    assert credit.role is Role.AGENCY


@pytest.mark.parametrize(
    "line",
    [
        "(With inputs from PTI)",
        "With reporting by Reuters.",
        "h/t Moor Echo",
        "Via Moor Echo",
        "Additional reporting by Agence France-Presse",
        "Con información de EFE",
        "Mit Material der dpa",
        "Avec AFP",
        "Con informazioni di ANSA",
        "Com informações da Agência Brasil",
    ],
)
def test_who_gave_a_part_is_credited_with_a_part(line: str) -> None:
    found = at_end(line)
    assert [credit.extent for credit in found] == [Extent.PARTIAL]


@pytest.mark.parametrize(
    "line",
    [
        "(With inputs from agencies)",
        "(Except for the headline, this story has not been edited by our staff and is published "
        "from a syndicated feed.)",
        "Con información de agencias",
        "(इनपुट एजेंसी)",
    ],
)
def test_agencies_without_a_name_are_said_to_be_just_that(line: str) -> None:
    found = at_end(line)
    assert [(credit.role, credit.name) for credit in found] == [(Role.UNNAMED, "")]


def test_several_outlets_in_one_line_are_all_credited() -> None:
    found = at_end("This story was produced by Grist and Moor Echo Magazine.")
    assert set(names(found)) == {"Grist", "Moor Echo Magazine"}


def test_a_user_s_outlet_is_recognised_by_its_alias() -> None:
    echo = Outlet("Moor Echo", ("moorecho.example",), ("Echo of the Moor",))
    (credit,) = at_end("First published in the Echo of the Moor.", outlets=[echo])
    assert (credit.name, credit.domain) == ("Moor Echo", "moorecho.example")


def test_what_somebody_else_reported_first_is_kept_and_is_no_credit() -> None:
    found = read(
        "The ferry will run all night, Reuters first reported on Monday.", *STORY, language="en"
    )
    assert all(credit.role is Role.REPORTING for credit in found)
    assert all(credit.block is None for credit in found)


def test_a_users_agency_in_a_line_is_an_agency() -> None:
    agency = Outlet("Norvane", ("norvane.example",), kind=OutletKind.AGENCY)
    (credit,) = at_end("Source: Norvane", outlets=[agency])
    assert credit.role is Role.AGENCY


def test_a_label_and_a_name_in_two_paragraphs_belong_together() -> None:
    (credit,) = read(*STORY, Block("Source:"), Block("Moor Echo"))
    assert (credit.name, credit.block) == ("Moor Echo", len(STORY) + 1)
