"""One test for each kind of mistake that people make in config.yaml."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.config import Problem, check, load
from aggregator.errors import ConfigError

FEED = "feeds: [{url: 'https://example.org/feed'}]\n"


def only_problem(path, environ=None) -> Problem:
    problems = check(path, environ or {})
    assert len(problems) == 1, [str(problem) for problem in problems]
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    assert caught.value.reason == "bad_config"
    assert str(problems[0]) in str(caught.value)
    return problems[0]


@pytest.mark.parametrize(
    ("text", "line", "key", "found", "wanted"),
    [
        (
            "feeds:\n  - ulr: https://a.b/\n    url: https://a.b/",
            2,
            "feeds[0].ulr",
            '"ulr"',
            '"url"',
        ),
        ("serve:\n  port: 80", 1, "serve", '"serve"', '"server"'),
        ("server:\n  prot: 80", 2, "server.prot", '"prot"', '"port"'),
        (
            "outputs:\n  - name: a\n    where:\n      langage: en",
            4,
            "outputs[0].where.langage",
            '"langage"',
            '"language"',
        ),
        ("outlets:\n  - domain: a.b", 2, "outlets[0]", "domain", 'the key "name" is missing'),
        ("outlets: [{name: A, kind: paper}]", 1, "outlets[0].kind", '"paper"', "'publisher'"),
        ("outlets: [{name: A, alias: B}]", 1, "outlets[0].alias", '"alias"', '"aliases"'),
        (
            "outlets:\n  - name: A\n    domain: [a.b, 'http://']",
            3,
            "outlets[0].domain[1]",
            '"http://"',
            "domain",
        ),
        ("outlets:\n  - name: A\n  - name: a", 3, "outlets[1].name", '"a"', "outlets[0].name"),
        ("poll:\n  zzz: 1", 2, "poll.zzz", '"zzz"', "the keys here are interval, min_interval"),
        ("poll:\n  interval: 30", 2, "poll.interval", "found 30", "a number and a unit"),
        ("poll:\n\n  interval: soon", 3, "poll.interval", '"soon"', "a number and a unit"),
        ("poll: {interval: 0s}", 1, "poll.interval", '"0s"', "longer than nothing"),
        (
            "poll:\n  interval: 2h\n  max_interval: 1h",
            1,
            "poll",
            "interval",
            "interval (2h) must lie between",
        ),
        ("poll: {concurrency: 0}", 1, "poll.concurrency", "found 0", "at least 1"),
        ("poll: {concurrency: many}", 1, "poll.concurrency", '"many"', "whole number"),
        ("poll: {concurrency: true}", 1, "poll.concurrency", "true", "whole number"),
        ("http: {max_bytes: 10XB}", 1, "http.max_bytes", '"10XB"', "10MB"),
        ("http: {max_bytes: huge}", 1, "http.max_bytes", '"huge"', "10MB"),
        ("http: {max_bytes: 0}", 1, "http.max_bytes", "found 0", "more than 0"),
        (
            "http:\n  allow_networks:\n    - 10.0.0.0/8\n    - home",
            4,
            "http.allow_networks[1]",
            '"home"',
            "10.1.0.0/16",
        ),
        (
            "http: {allow_networks: [127.0.0.1/8]}",
            1,
            "http.allow_networks[0]",
            '"127.0.0.1/8"',
            "127.0.0.0/8",
        ),
        (
            "http: {allow_networks: 127.0.0.0/8}",
            1,
            "http.allow_networks",
            '"127.0.0.0/8"',
            "a list",
        ),
        ('http: {user_agent: "a\\r\\nHost: b"}', 1, "http.user_agent", "\\r\\nHost", "one line"),
        ("feeds:\n  - url: ftp://a.b/", 2, "feeds[0].url", '"ftp://a.b/"', "http:// or https://"),
        ("feeds:\n  - url: a.b/feed", 2, "feeds[0].url", '"a.b/feed"', "http:// or https://"),
        ("feeds:\n  - url: https://a.b/a b", 2, "feeds[0].url", '"https://a.b/a b"', "no spaces"),
        (
            "feeds:\n  - name: Example",
            2,
            "feeds[0]",
            "a section with name",
            'the key "url" is missing',
        ),
        ("feeds:\n  - https://a.b/", 2, "feeds[0]", '"https://a.b/"', "a section of keys: url"),
        ("feeds: https://a.b/", 1, "feeds", '"https://a.b/"', "a list"),
        (
            "feeds:\n  - url: https://a.b/\n    full_text: yes",
            3,
            "feeds[0].full_text",
            '"yes"',
            "'auto', 'always' or 'never'",
        ),
        ("feeds:\n  - url: https://a.b/\n    name: 2024", 3, "feeds[0].name", "2024", "quotes"),
        (
            "feeds:\n  - url: https://a.b/\n    name: ' '",
            3,
            "feeds[0].name",
            '" "',
            "text is wanted",
        ),
        (
            "feeds:\n  - url: https://a.b/\n    domain: https://a.b",
            3,
            "feeds[0].domain",
            "https://a.b",
            "a host's name alone",
        ),
        (
            "feeds:\n  - opml: https://",
            2,
            "feeds[0]",
            "a section with opml",
            "a whole http or https URL",
        ),
        ("feeds:\n  - opml: gone.opml", 2, "feeds[0].opml", '"gone.opml"', "No such file"),
        ("outputs:\n  - name: Big World", 2, "outputs[0].name", '"Big World"', "small letters"),
        (
            "outputs:\n  - name: a\n    content: all",
            3,
            "outputs[0].content",
            '"all"',
            "'feed', 'summary', 'full' or 'none'",
        ),
        (
            "outputs:\n  - name: a\n  - name: a",
            3,
            "outputs[1].name",
            '"a"',
            "outputs[0].name in line 2",
        ),
        ("server: {port: 80000}", 1, "server.port", "80000", "at most 65535"),
        (
            "server: {base_url: news.example.org}",
            1,
            "server.base_url",
            '"news.example.org"',
            "https://",
        ),
        ("server: {base_url: 'https://a.b/?a'}", 1, "server.base_url", "?a", "the site alone"),
        ("dedupe: 7d", 1, "dedupe", '"7d"', "a section of keys: window"),
        ("retention: 900000d", 1, "retention", '"900000d"', "at most a hundred years"),
        (
            "server:\n  port: 1\n  port: 2",
            3,
            "server.port",
            'the key "port" again',
            "line 2 already",
        ),
        ("retention: !!timestamp yesterday", 1, "retention", "YAML cannot make sense of", "quotes"),
    ],
)
def test_a_mistake_is_told_with_its_line_key_finding_and_remedy(
    written, text, line, key, found, wanted
):
    path = written(text if "feeds" in text else f"{text}\n{FEED}")
    problem = only_problem(path)
    assert (problem.file, problem.line, problem.key) == (str(path), line, key)
    assert found in f"found {problem.found}"
    assert wanted in problem.wanted
    assert str(problem).startswith(f"{path}:{line}: {key}: found ")


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("feeds:\n\t- url: https://example.org/", 2, "a tab"),
        ("server: [1, 2", 1, "no YAML"),
        ("server:\n  host: a: b", 2, "a colon"),
        ("server: {admin_token: *token}", 1, "an alias"),
        ("a: 1\n---\nb: 2", 2, "a second document"),
        ("server: \x07", 1, "a control character"),
        ("- url: https://example.org/", 1, "something else"),
        ("feeds: &a [*a]", 1, "endless nesting"),
        (b"feeds: 1\n# caf\xe9", 2, "not UTF-8"),
    ],
)
def test_a_file_that_is_no_yaml_is_told_with_its_line(written, text, line, found):
    problem = only_problem(written(text))
    assert problem.line == line
    assert found in problem.found
    assert problem.wanted


def test_a_file_that_is_not_there_says_what_to_do(tmp_path):
    problem = only_problem(tmp_path / "config.yaml")
    assert problem.found == "no such file"
    assert "--config" in problem.wanted
    assert "aggregator init" in problem.wanted


def test_a_folder_in_place_of_the_file_is_told(tmp_path):
    assert "directory" in only_problem(tmp_path).found


def test_feeds_listed_twice_are_told_with_both_lines(written):
    path = written("feeds:\n  - url: https://example.org\n\n  - url: HTTPS://Example.ORG:443/#top")
    problem = only_problem(path)
    assert (problem.line, problem.key) == (4, "feeds[1].url")
    assert "feeds[0].url in line 2" in problem.wanted


def test_all_mistakes_are_listed_at_once_in_order_of_lines(written):
    path = written(
        "retention: long\nserver:\n  port: x\n  port: y\nfeeds:\n"
        "  - url: https://example.org/\n  - url: https://example.org/\n    nam: x\n"
    )
    problems = check(path, {})
    assert [problem.line for problem in problems] == [1, 3, 4, 7, 8]
    with pytest.raises(ConfigError, match="And 4 more: `aggregator check` lists them all"):
        load(path, {})


@pytest.mark.parametrize(
    "text",
    [
        "database: mysql://root:hunter2@host/db",
        "database: hunter2",
        "database: [hunter2]",
        "database: {password: hunter2}",
        "server: {admin_token: [hunter2]}",
        "server: {admin_token: *hunter2}",
        "server: {admin_token: !hunter2 x}",
        "server:\n  admin_token: hunter2: x",
        "server: {admin_token: hunter2, admin_token: hunter2}",
        "server: {admin_tokn: hunter2}",
        "feeds: [{url: 'ftp://user:hunter2@example.org/'}]",
        "feeds: [{url: 'https://user:p@hunter2@exam ple.org/'}]",
    ],
)
def test_no_secret_is_told_with_a_mistake(written, text):
    problems = check(written(text), {})
    assert problems
    assert not any("hunter2" in str(problem) + repr(problem) for problem in problems)


def test_no_secret_shows_in_the_settings_themselves(written):
    config = load(
        written(FEED + "database: postgresql://a:hunter2@h/b\nserver: {admin_token: hunter2}"), {}
    )
    assert "hunter2" not in repr(config) + str(config) + config.model_dump_json()
    assert config.database_url == "postgresql://a:hunter2@h/b"
    assert config.server.admin_token.get_secret_value() == "hunter2"


@pytest.mark.parametrize(
    ("text", "line", "key", "found"),
    [
        ("poll:\n  interval: 1s", 2, "poll.interval", "1s"),
        ("poll:\n  interval: 5m\n  min_interval: 30s", 3, "poll.min_interval", "30s"),
        ("retention: 2d", 1, "retention", "2d"),
    ],
)
def test_what_is_allowed_but_odd_is_a_warning_and_loads(written, text, line, key, found):
    path = written(f"{text}\n{FEED}")
    (problem,) = check(path, {})
    assert (problem.severity, problem.line, problem.key) == ("warning", line, key)
    assert found in problem.found
    assert load(path, {}).warnings == (problem,)


def test_a_file_without_feeds_is_a_warning(written):
    for text in ("", "# nothing\n", "feeds:\n"):
        assert [problem.key for problem in check(written(text), {})] == ["feeds"]


YAML_LIKE = st.text(alphabet="feds: -url[]{}&*!|>'\"#\n\t 0a/,?@`%", max_size=80)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(YAML_LIKE, st.text(max_size=40), st.binary(max_size=40)))
def test_any_file_at_all_gives_settings_or_problems_and_nothing_else(written, text):
    encoded = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    path = written(encoded)
    problems = [problem for problem in check(path, {}) if problem.severity == "error"]
    try:
        load(path, {})
    except ConfigError:
        assert problems
    else:
        assert not problems


def test_hubs_without_an_address_of_the_site_are_doubtful():
    hubs = {"AGGREGATOR_WEBSUB__HUBS": '["https://hub.example.org/"]'}
    (warning, *_) = [w for w in load(None, hubs).warnings if w.variable.endswith("HUBS")]
    assert "server.base_url" in str(warning)
