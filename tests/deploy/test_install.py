"""Other ways to install: compose, a systemd unit, a wheel for pipx."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "aggregator.service"


# ------------------------------------------------------------------------------------ compose


def compose(file: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(ROOT / file)
    return found


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/compose/postgresql.yaml"])
def test_compose_runs_ours_without_rights_on_a_read_only_root(file: str) -> None:
    services = compose(file)["services"]
    ours = [one for one in services.values() if one["image"] == "aggregator"]
    assert ours
    for one in ours:
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert one["restart"] == "unless-stopped"
        folder = (ROOT / file).parent
        assert (folder / one["build"] / "Dockerfile").exists()
        for volume in one["volumes"]:
            source = volume.split(":")[0]
            assert source in compose(file)["volumes"] or (folder / source).exists()
        for name in one["environment"]:
            assert name.startswith("AGGREGATOR_")


def test_with_postgresql_servers_serve_and_workers_poll() -> None:
    services = compose("deploy/compose/postgresql.yaml")["services"]
    assert services["server"]["command"][0] == "serve"
    assert services["worker"]["command"][0] == "worker"
    for name in ("server", "worker"):
        url = services[name]["environment"]["AGGREGATOR_DATABASE"]
        assert url.startswith("postgresql://aggregator:")
        assert url.endswith("@postgres/aggregator")
        assert "postgres" in services[name]["depends_on"]


# ------------------------------------------------------------------------------------ systemd


@pytest.fixture
def systemd_analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        message = "no systemd-analyze (Debian: apt-get install systemd)"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return program


def test_the_unit_is_one(systemd_analyze: str, tmp_path: Path) -> None:
    program = tmp_path / "aggregator"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "aggregator.service"
    unit.write_text(UNIT.read_text().replace("/opt/aggregator/bin/aggregator", str(program)))
    done = subprocess.run(
        [systemd_analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_may_do_little(systemd_analyze: str) -> None:
    command = [systemd_analyze, "security", "--no-pager", "--offline=true", "--threshold=20", UNIT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-600:]


def test_the_unit_lets_workers_limit_their_memory() -> None:
    """Which is what @resources of systemd's filters would forbid."""
    assert "~@resources" not in UNIT.read_text().replace("~@privileged @resources", "~@resources")


def test_a_reload_is_what_the_daemon_hears() -> None:
    assert re.search(r"^ExecReload=/bin/kill -HUP \$MAINPID$", UNIT.read_text(), re.MULTILINE)


# --------------------------------------------------------------------------------------- wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built from a copy, with what is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "aggregator", source / "aggregator", ignore=ignore)
    program = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    done = subprocess.run([*program, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_has_all_that_the_package_is(wheel: Path) -> None:
    package = ROOT / "aggregator"
    there = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert there <= names
    assert {name for name in names if not name.startswith("aggregator")} == set()


def test_the_command_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """In an environment that has this one's libraries, and not this source tree."""
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False, symlinks=True)
    (site,) = environment.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    ours = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}

    def run(*arguments: str) -> str:
        program = [environment / "bin" / "python", "-P", "-m", "aggregator.cli", *arguments]
        done = subprocess.run(
            program, capture_output=True, text=True, check=False, cwd=tmp_path, env=ours
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = subprocess.run(
        [
            environment / "bin" / "python",
            "-P",
            "-c",
            "import aggregator; print(aggregator.__file__)",
        ],
        capture_output=True,
        text=True,
        check=True,
        env=ours,
    )
    assert where.stdout.startswith(str(site))
    assert run("version").strip()
    run("init")
    assert "is right" in run("check")
    assert "stories" in run("status")
    text = tmp_path / "text.txt"
    text.write_text("This story originally appeared on Ndtv.com.")
    assert "NDTV" in run("attribute", str(text))
