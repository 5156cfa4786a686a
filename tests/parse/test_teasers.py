import pytest

from aggregator.model import ParsedEntry
from aggregator.parse import is_teaser

URL = "https://quay.example/1"
SENTENCE = "The ferry between the two islands will run every forty minutes from Monday on. "
CHINESE = "两岛之间的渡轮从星期一起每四十分钟一班,港务局在三周的试运行之后宣布了这个消息。"


def teaser(summary: str = "", content: str = "", url: str = URL) -> bool:
    return is_teaser(ParsedEntry(url=url, summary_html=summary, content_html=content))


@pytest.mark.parametrize(
    "summary",
    [
        "",
        '<img src="https://quay.example/i.png">',
        "<figure><figcaption>The pier (BNA)</figcaption></figure>",
        SENTENCE,
        f"<p>{SENTENCE * 2}</p>",
        f"<p>{SENTENCE * 30} and then…</p>",
        f"<p>{SENTENCE * 30} and then [&hellip;]</p>",
        f"<p>{SENTENCE * 5}</p><p>{SENTENCE * 5} and [...]</p><p>The post <a href='{URL}'>F</a> "
        "appeared first on <a href='https://quay.example'>Quay</a>.</p>",
        f"<p>{SENTENCE * 6}</p><p><a href='{URL}'>Read more</a></p>",
        f"<p>{SENTENCE * 6} <a href='{URL}'>Continue reading →</a></p>",
        f"<p>{SENTENCE * 6} <a href='{URL}'>Continue reading <span>Ferry</span></a></p>",
        f"<p>{SENTENCE * 6} <a href='{URL}'>Weiterlesen</a></p>",
        f"{CHINESE}",
    ],
)
def test_a_part_of_a_text_is_a_teaser(summary: str) -> None:
    assert teaser(summary)


@pytest.mark.parametrize(
    "summary",
    [
        f"<p>{SENTENCE * 8}</p><p>{SENTENCE * 8}</p>",
        f"<p>{SENTENCE * 2}</p>" * 3,  # a brief of an agency
        f"<p>{SENTENCE * 2}</p>" * 3 + "<p>(BNA)</p>",
        f"<p>{CHINESE * 12}</p>",
        f"<p>{SENTENCE * 2}</p>" * 20 + f"<p>Read more: <a href='{URL}'>Fog at the pier</a></p>",
        f"<p>{SENTENCE * 8}</p><p>{SENTENCE * 8}</p><p>Source: Quay Times</p>",
    ],
)
def test_a_whole_text_is_none(summary: str) -> None:
    assert not teaser(summary)


def test_content_beside_a_shorter_summary_is_held_to_be_whole() -> None:
    content = f"<p>{SENTENCE * 5}</p><p>{SENTENCE * 4}</p>"
    assert not teaser(SENTENCE, content)
    assert teaser(content)  # the same as a description alone may be a teaser


def test_an_entry_without_a_page_is_never_a_teaser() -> None:
    assert not teaser("", url="")
    assert not teaser(f"{SENTENCE}…", url="")
