"""What is secret is in no log, no page, no feed, and not in /metrics, however things go wrong."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from running import RunningDaemon

from aggregator.demo import Newsroom

TOKEN, OF_FEED, OF_DATABASE, OF_HUB = (
    "t0ken-of-admin",
    "pa55-of-feed",
    "pa55-of-db",
    "s3cret-of-hub",
)
SECRETS = (TOKEN, OF_FEED, OF_DATABASE, OF_HUB)
PATHS = (
    *("/", "/sources", "/outlets", "/opml", "/metrics", "/readyz", "/healthz", "/api/docs"),
    *("/feed.rss", "/feed.atom", "/feed.json", "/api/v1/stories", "/api/v1/feeds", "/nothing"),
    *("/api/openapi.json", "/feed.rss?limit=x"),
)


def with_password(url: str) -> str:
    return url.replace("//", f"//reader:{OF_FEED}@", 1)


def test_secrets_are_told_to_nobody(room: Newsroom, postgres_database: str, tmp_path: Path) -> None:
    parts = urlsplit(postgres_database)
    database = postgres_database.replace("postgres@", f"postgres:{OF_DATABASE}@", 1)
    assert OF_DATABASE in database
    feeds = [feed | {"url": with_password(feed["url"])} for feed in room.feeds()]
    nobody = with_password(f"http://127.0.0.250:{room.port}/feed")  # where nobody listens
    missing = with_password(feeds[0]["url"].replace(f"reader:{OF_FEED}@", "") + "x")
    feeds += [{"url": nobody, "name": "Nobody"}, {"url": missing, "name": "Missing"}]
    daemon = RunningDaemon(room, tmp_path, database=database, feeds=feeds)
    daemon.settings["server"]["admin_token"] = TOKEN
    said = []
    try:
        daemon.start()
        daemon.until_served()
        daemon.until(lambda: len(daemon.stories()) >= 10, "stories are told")
        daemon.until(lambda: daemon.log.read_text().count("connect") >= 1, "a feed fails")
        with psycopg.connect(postgres_database, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO push (feed_id, token, secret, hub, topic, ask_at, failures, asked) "
                "SELECT id, 'x', %s, %s, url, now(), 0, true FROM feed LIMIT 1",
                [OF_HUB, f"https://hub:{OF_HUB}@hub.example/"],
            )
        for token in (TOKEN, "wrong"):
            header = {"Authorization": f"Bearer {token}"}
            bodies = ({"url": with_password("http://127.0.0.1:1/x")}, {"url": "no address"}, [])
            said += [
                daemon.client.post("/api/v1/feeds", json=body, headers=header).text
                for body in bodies
            ]
        said += [daemon.client.get(path).text for path in PATHS]
        said += [daemon.command("status"), daemon.command("feeds", "list")]
        said.append(daemon.command("feeds", "list", "--json"))
        with psycopg.connect(
            postgres_database.replace(parts.path, "/postgres"), autocommit=True
        ) as connection:  # the database goes away under it
            name = parts.path.strip("/")
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(end, [name])
            daemon.until(lambda: "database_failed" in daemon.log.read_text(), "it is told")
            said += [daemon.client.get(path).text for path in PATHS]
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    finally:
        daemon.kill()
    said.append(daemon.log.read_text("utf-8"))
    assert "Nobody" in "".join(said)
    for secret in SECRETS:
        found = [re.search(f".{{0,80}}{secret}.{{0,40}}", text) for text in said]
        assert [match[0] for match in found if match] == []
