import json
from datetime import timedelta
from ipaddress import ip_network

import pytest
from pydantic import BaseModel

from aggregator.config import Config, check, load
from aggregator.errors import ConfigError

FEED = "feeds: [{url: 'https://example.org/feed'}]\n"


def test_the_environment_wins_over_the_file(written):
    path = written(FEED + "server: {port: 1, host: a}\nretention: 8d")
    config = load(path, {"AGGREGATOR_SERVER__PORT": "2", "AGGREGATOR_RETENTION": "9d"})
    assert (config.server.port, config.server.host) == (2, "a")
    assert config.retention == timedelta(days=9)


def test_lists_and_sections_are_json():
    config = load(
        None,
        {
            "AGGREGATOR_FEEDS": json.dumps([{"url": "https://example.org/a", "name": "A"}]),
            "AGGREGATOR_HTTP__ALLOW_NETWORKS": '["10.1.0.0/16"]',
            "AGGREGATOR_POLL": '{"interval": "7m", "concurrency": 3}',
            "AGGREGATOR_POLL__CONCURRENCY": "4",
            "AGGREGATOR_OUTPUTS": '[{"name": "world", "where": {"category": ["World"]}}]',
        },
    )
    assert [(spec.url, spec.name) for spec in config.feed_specs()] == [
        ("https://example.org/a", "A")
    ]
    assert config.http.allow_networks == (ip_network("10.1.0.0/16"),)
    assert (config.poll.interval, config.poll.concurrency) == (timedelta(minutes=7), 4)
    assert config.outputs[0].where.category == ("World",)


EXAMPLES = {
    "feeds": '[{"url": "https://example.org/"}]',
    "outputs": '[{"name": "a"}]',
    "outlets": '[{"name": "Sarnholm Courier"}]',
    "websub.hubs": '["https://hub.example.org/"]',
    "http.allow_networks": '["10.0.0.0/8"]',
    "http.user_agent": "me/1",
    "http.max_bytes": "1MB",
    "database": "sqlite:///x.db",
    "poll.concurrency": "7",
    "server.host": "::1",
    "server.port": "7",
    "server.base_url": "https://example.org",
    "server.admin_token": "token",
}


def keys(model: type[BaseModel] = Config, stem: str = ""):
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, f"{stem}{name}.")
        else:
            yield f"{stem}{name}"


@pytest.mark.parametrize("key", list(keys()))
def test_every_key_can_be_set_and_is_checked_by_the_environment(key):
    name = "AGGREGATOR_" + key.upper().replace(".", "__")
    value = EXAMPLES.get(key, "1h")
    before, after = load(None, {}), load(None, {name: value})
    for part in key.split("."):
        before, after = getattr(before, part), getattr(after, part)
    assert before != after


@pytest.mark.parametrize(
    ("name", "value", "key", "found", "wanted"),
    [
        ("AGGREGATOR_SERVER__PORT", "http", "server.port", '"http"', "whole number"),
        ("AGGREGATOR_POLL__INTERVAL", "30", "poll.interval", '"30"', "a number and a unit"),
        ("AGGREGATOR_SERVER__PROT", "1", "server.prot", '"prot"', '"port"'),
        ("AGGREGATOR_HTTP__ALLOW_NETWORKS", "10.0.0.0/8", "", "not JSON", "written as JSON"),
        ("AGGREGATOR_FEEDS", '[{"url": "x"}]', "feeds[0].url", '"x"', "https://"),
        ("AGGREGATOR_POLL", "5", "poll", "found 5", "a section of keys"),
    ],
)
def test_a_mistake_in_the_environment_names_its_variable(written, name, value, key, found, wanted):
    (problem,) = check(written(FEED), {name: value})
    assert (problem.variable, problem.key, problem.file) == (name, key, "")
    assert found in f"found {problem.found}"
    assert wanted in problem.wanted
    with pytest.raises(ConfigError, match=f"environment variable {name}"):
        load(written(FEED), {name: value})


def test_a_good_variable_heals_a_bad_line(written):
    path = written(FEED + "server: {port: http}")
    assert [problem.line for problem in check(path, {})] == [2]
    assert check(path, {"AGGREGATOR_SERVER__PORT": "80"}) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("AGGREGATOR_DATABSE", "AGGREGATOR_DATABASE"),
        ("AGGREGATOR_PORT_8080_TCP", "changes nothing"),
    ],
)
def test_a_variable_that_is_no_setting_is_a_warning(written, name, hint):
    (problem,) = check(written(FEED), {name: "tcp://10.0.0.1:8080"})
    assert (problem.severity, problem.variable) == ("warning", name)
    assert hint in problem.wanted


def test_an_empty_variable_counts_as_not_set(written):
    assert load(written(FEED), {"AGGREGATOR_SERVER__ADMIN_TOKEN": ""}).server.admin_token is None


def test_other_variables_are_none_of_our_business(written):
    assert check(written(FEED), {"PATH": "/bin", "DATABASE": "x", "AGGREGATOR_CONFIG": "x"}) == []


def test_no_secret_of_the_environment_is_told(written):
    environ = {
        "AGGREGATOR_DATABASE": "mysql://root:hunter2@host/db",
        "AGGREGATOR_SERVER": '{"admin_token": "hunter2"',
    }
    problems = check(written(FEED), environ)
    assert len(problems) == 2
    assert "hunter2" not in repr(problems)
