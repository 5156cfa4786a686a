"""The API against its own description, asked by a machine that tries to break it."""

import importlib.util
import os
import subprocess
import sys

import pytest
from web_server import serving

from aggregator.web.admin import Limiter

# No schema can say which addresses may not be asked.
CONFIG = """
[[operations]]
include-name = "POST /api/v1/feeds"
checks.positive_data_acceptance.enabled = false
"""
TOKEN = "a-token-of-this-test-alone"


@pytest.mark.timeout(300)
def test_schemathesis_finds_nothing(make_room, tmp_path):
    if importlib.util.find_spec("schemathesis") is None:
        message = "schemathesis is not installed (`make test` installs it)"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    (tmp_path / "schemathesis.toml").write_text(CONFIG, "utf-8")
    room = make_room(admin_token=TOKEN)
    with serving(room.site, limiter=Limiter(burst=10**9)) as client:
        address = f"{client.base_url}/api/openapi.json".replace("//api", "/api")
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", address),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--max-examples", "40", "--seed", "1", "--no-color", "--generation-database", "none"),
        ]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=280
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
