"""Examples for each command, which stand at the end of its help."""

import typer

_EXAMPLES: dict[str, tuple[str, ...]] = {
    "run": ("aggregator run", "aggregator run --config /etc/aggregator/config.yaml"),
    "serve": ("aggregator serve --config /etc/aggregator/config.yaml",),
    "worker": ("aggregator worker --config /etc/aggregator/config.yaml",),
    "poll": ("aggregator poll", "aggregator poll --all --json"),
    "check": (
        "aggregator check",
        "aggregator check --json",
        "aggregator check --schema > config.schema.json",
    ),
    "explain": (
        "aggregator explain https://news.example.org/ferry",
        "aggregator explain 0d9c2f4e --json",
    ),
    "merge": ("aggregator merge 0d9c2f4e 77b1a0c3",),
    "split": ("aggregator split 0d9c2f4e https://news.example.org/ferry",),
    "export": (
        "aggregator export rss > feed.xml",
        "aggregator export json --name world --output world.json",
        "aggregator export opml --output subscriptions.opml",
    ),
    "attribute": (
        "aggregator attribute article.txt --publisher 'Valley Ledger'",
        "curl -s https://news.example.org/ferry | aggregator attribute --format html",
        "aggregator attribute --jsonl < records.jsonl",
    ),
    "cluster": ("aggregator cluster --jsonl < documents.jsonl",),
    "demo": ("aggregator demo", "aggregator demo --port 9090"),
    "version": ("aggregator version", "aggregator version --json"),
    "init": ("aggregator init", "aggregator init --opml subscriptions.opml"),
    "status": ("aggregator status", "aggregator status --json"),
    "doctor": ("aggregator doctor", "aggregator doctor --mend", "aggregator doctor --json"),
    "backup": ("aggregator backup aggregator-2026-11-25.db",),
    "restore": (
        "aggregator restore aggregator-2026-11-25.db",
        "AGGREGATOR_DATABASE=postgresql://localhost/news aggregator restore from-sqlite.db",
    ),
    "feeds list": ("aggregator feeds list", "aggregator feeds list --json"),
    "feeds import": ("aggregator feeds import subscriptions.opml",),
    "feeds test": ("aggregator feeds test https://news.example.org/feed.xml",),
}


def add_to(app: typer.Typer) -> None:
    """Put the examples at the end of each command's help."""
    for name, command in commands(app):
        command.epilog = "\n\n".join(("Examples:", *_EXAMPLES.get(name, ())))


def commands(app: typer.Typer, above: str = "") -> list[tuple[str, typer.models.CommandInfo]]:
    """All commands, each with the words that call it."""
    found = []
    for command in app.registered_commands:
        assert command.callback is not None
        found.append((above + (command.name or command.callback.__name__), command))
    for group in app.registered_groups:
        assert group.typer_instance is not None
        found += commands(group.typer_instance, f"{above}{group.name} ")
    return found


def examples(name: str) -> tuple[str, ...]:
    """The examples of a command."""
    return _EXAMPLES.get(name, ())
