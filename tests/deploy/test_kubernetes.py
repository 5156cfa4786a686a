"""The manifests fit together and to the image, and the pods may do nothing that they need not."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from aggregator.config import Config, check, load
from aggregator.metrics import Metrics
from aggregator.site import StoredSite
from aggregator.store import Store
from aggregator.web import create_app

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
VARIANTS = ["base", "postgresql"]
USER = 10001  # of the image, see Dockerfile


def manifests(variant: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What kustomize makes of a folder, by kind and name; without kubectl, what the files say."""
    folder = FOLDER / variant
    kustomization = YAML(typ="safe").load(folder / "kustomization.yaml")
    if shutil.which("kubectl"):
        done = subprocess.run(
            ["kubectl", "kustomize", folder], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found = list(YAML(typ="safe").load_all(done.stdout))
    else:
        found = []
        for resource in kustomization["resources"]:
            found += list(YAML(typ="safe").load_all(folder / resource))
        for made in kustomization["configMapGenerator"]:
            data = {name: (folder / name).read_text() for name in made["files"]}
            named = {"name": made["name"]}
            found.append({"kind": "ConfigMap", "metadata": named, "data": data})
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def pods(variant: str) -> list[dict[str, Any]]:
    kinds = {"Deployment", "StatefulSet"}
    return [one for (kind, _), one in manifests(variant).items() if kind in kinds]


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


def test_each_file_is_used(variant: str) -> None:
    kustomization = YAML(typ="safe").load(FOLDER / variant / "kustomization.yaml")
    named = {*kustomization["resources"], "kustomization.yaml"}
    named |= {name for made in kustomization["configMapGenerator"] for name in made["files"]}
    assert named == {path.name for path in (FOLDER / variant).iterdir()}


def test_a_pod_runs_without_rights_on_a_read_only_root(variant: str) -> None:
    assert pods(variant)
    for pod in pods(variant):
        spec = pod["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == USER
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_the_image_is_run_by_that_user_and_has_those_folders() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"USER {USER}:{USER}" in dockerfile
    assert "VOLUME /data" in dockerfile
    assert "/config/config.yaml" in dockerfile


def test_what_is_mounted_is_there(variant: str) -> None:
    made = manifests(variant)
    maps = {name for kind, name in made if kind == "ConfigMap"}
    for pod in pods(variant):
        spec = pod["spec"]["template"]["spec"]
        volumes = {one["name"]: one for one in spec["volumes"]}
        claims = {one["metadata"]["name"] for one in pod["spec"].get("volumeClaimTemplates", [])}
        for container in spec["containers"]:
            mounted = {one["name"] for one in container["volumeMounts"]}
            assert mounted == volumes.keys() | claims
            config = next(one for one in container["volumeMounts"] if one["name"] == "config")
            assert "subPath" not in config  # a file alone would never change
        assert volumes["config"]["configMap"]["name"] in maps


def test_the_command_and_its_file_are_there(variant: str) -> None:
    for pod in pods(variant):
        for container in pod["spec"]["template"]["spec"]["containers"]:
            command, option, file = container["args"]
            assert command in {"run", "serve", "worker"}
            assert (option, file) == ("--config", "/config/config.yaml")


async def test_probes_ask_what_the_server_answers(variant: str, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/a.db")
    site = StoredSite(Config(), store, Metrics(), lambda: True)
    transport = httpx.ASGITransport(app=create_app(site))
    async with httpx.AsyncClient(transport=transport, base_url="http://pod") as client:
        for pod in pods(variant):
            for container in pod["spec"]["template"]["spec"]["containers"]:
                served = container["args"][0] != "worker"
                probes = [value for key, value in container.items() if key.endswith("Probe")]
                assert len(probes) == (3 if served else 0)
                ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
                for probe in probes:
                    asked = probe["httpGet"]
                    assert ports[asked["port"]] == Config().server.port
                    assert (await client.get(asked["path"])).status_code == 200
    store.close()


def test_the_service_finds_its_pods(variant: str) -> None:
    made = manifests(variant)
    service = made["Service", "aggregator"]
    wanted = service["spec"].get("selector", {}).items()
    found = [
        pod
        for pod in pods(variant)
        if wanted <= pod["spec"]["template"].get("metadata", {}).get("labels", {}).items()
    ]
    assert [pod["metadata"]["name"] for pod in found] == ["aggregator"] or not wanted
    (port,) = service["spec"]["ports"]
    annotations = service["metadata"]["annotations"]
    assert int(annotations["prometheus.io/port"]) == Config().server.port
    assert port["targetPort"] == "http"


def test_the_configuration_is_right(variant: str, tmp_path: Path) -> None:
    made = manifests(variant)
    (text,) = [one["data"]["config.yaml"] for (kind, _), one in made.items() if kind == "ConfigMap"]
    file = tmp_path / "config.yaml"
    file.write_text(text)
    assert check(file, {}) == []
    assert load(file, {}).feeds
    if variant == "base":
        assert load(file, {}).database_url == "sqlite:////data/aggregator.db"


def test_a_file_of_one_owner_has_one(tmp_path: Path) -> None:
    (pod,) = pods("base")
    assert pod["kind"] == "StatefulSet"  # which ends the old pod before it begins the new one
    assert pod["spec"]["replicas"] == 1
