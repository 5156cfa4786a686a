"""Datelines, bylines and last words of agencies, in their own styles."""

import pytest

from aggregator.model import Extent, Outlet, Role, Where
from tests.credit.reading import STORY, Block, at_end, at_head, dated, names, read


@pytest.mark.parametrize(
    ("dateline", "name"),
    [
        ("WEXCOMBE, Va. (AP) — ", "AP"),
        ("(Reuters) - ", "Reuters"),
        ("WEXCOMBE, June 5 (Xinhua) -- ", "Xinhua"),
        ("MOSCOW, June 5. /TASS/. ", "TASS"),
        ("Madrid, 18 jun (EFE).- ", "EFE"),
        ("EFE.- ", "EFE"),
        ("Berlin (dpa) - ", "dpa"),
        ("ROMA, 5 GIU - (ANSA) - ", "ANSA"),
        ("New Delhi, Mar 2 (PTI) ", "PTI"),
        ("Paris (AFP) – ", "AFP"),
        ("МОСКВА, 2 мар — РИА Новости. ", "RIA Novosti"),
        ("SYDNEY, March 2 AAP - ", "AAP"),
        ("JAKARTA, KOMPAS.com - ", "Kompas.com"),
        ("(CNN) — ", "CNN"),
    ],
)
def test_a_dateline_credits_its_agency(dateline: str, name: str) -> None:
    found = dated(dateline, language="")
    assert names(found) == [name]
    assert found[0].where is Where.DATELINE
    assert found[0].block == 0
    assert (dateline + STORY[0]).startswith(found[0].quote)


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        (
            "【ロンドン共同】フェリーが月曜日から一晩中運航すると港湾局が三時間の会議の後に決めた。",
            "ja",
            "Kyodo",
        ),
        (
            "新华社北京6月18日电 渡轮将从星期一起通宵运行，港务局在三个小时的会议后作出决定。",
            "zh",
            "Xinhua",
        ),
        (
            "（中央社記者王小明台北2日電）渡輪將從星期一起通宵行駛，港務局今天作出決定。",
            "zh",
            "CNA",
        ),
        (
            "(서울=연합뉴스) 김철수 기자 = 페리가 월요일부터 밤새 운항한다고 항만청이 결정했다.",
            "ko",
            "Yonhap",
        ),
    ],
)
def test_east_asian_agencies_sign_in_their_own_way(text: str, language: str, name: str) -> None:
    found = read(text, language=language)
    assert any(credit.domain and credit.role is Role.AGENCY for credit in found), names(found)
    assert len(names(found)) == 1


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("(Reuters)", "Reuters"),
        ("— AFP", "AFP"),
        ("By Jane Roe, Associated Press", "AP"),
        ("Jane Roe | Bloomberg", "Bloomberg"),
        ("By Reuters", "Reuters"),
        ("JANE ROE, The Canadian Press", "The Canadian Press"),
        ("Por EFE", "EFE"),
        ("Von dpa", "dpa"),
    ],
)
def test_a_byline_names_the_agency_of_who_signs(line: str, name: str) -> None:
    assert names(at_head(line, language="")) == [name]


@pytest.mark.parametrize(
    ("end", "language", "name"),
    [
        (" (Reuters)", "en", "Reuters"),
        (" – AFP", "en", "AFP"),
        (" (dpa/rw)", "de", "dpa"),
        (" /TT", "sv", "TT"),
        (" (ANSA).", "it", "ANSA"),
        (" PTI SKY SKY", "en", "PTI"),
    ],
)
def test_the_last_words_of_a_text_name_its_agency(end: str, language: str, name: str) -> None:
    found = read(STORY[0], STORY[1] + end, language=language)
    if end == " /TT":
        found = found or read(*STORY, "TT", language=language)
    if end == " PTI SKY SKY":
        found = read(*STORY, "PTI SKY SKY")
    assert names(found) == [name]


def test_two_agencies_in_one_bracket_are_both_credited() -> None:
    assert set(names(read(STORY[0], STORY[1] + " (AP/AFP)"))) == {"AP", "AFP"}


def test_the_carrier_with_an_agency_took_a_part_of_it() -> None:
    (credit,) = at_end("(Wexcombe Gazette with AFP)")
    assert (credit.name, credit.extent) == ("AFP", Extent.PARTIAL)


def test_agencies_in_a_byline_are_not_named() -> None:
    (credit,) = at_head("By agencies")
    assert credit.role is Role.UNNAMED


def test_an_agency_of_one_s_own_feeds_signs_in_the_same_way() -> None:
    agency = Outlet("Norvane News Agency", ("127.0.0.11",))
    (credit,) = dated("KELL (Norvane News Agency) — ", outlets=[agency])
    assert (credit.role, credit.domain) == (Role.AGENCY, "127.0.0.11")


def test_a_dateline_behind_a_byline_and_a_headline_counts() -> None:
    text = ("By Jane Roe", Block("Seven captains rejoice"), "WEXCOMBE, Va. (AP) — " + STORY[0])
    assert "AP" in names(read(*text, STORY[1]))


def test_an_agency_s_own_dateline_credits_nobody() -> None:
    reuters = Outlet("Reuters", ("reuters.com",))
    assert dated("LONDON (Reuters) - ", carrier=reuters, url="https://www.reuters.com/a") == ()
