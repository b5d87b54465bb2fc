"""The files in docs/deploy are what they say: valid by their own validators, and one with us.

No container is started here: names, ports, paths, commands and settings are held against each other
and against the program.
"""

from __future__ import annotations

import copy
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import typer
import yaml

from qa.cli import app
from qa.settings import Settings
from ui.api import Routes
from ui.server import API

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
DOCKERFILE = DEPLOY / "Dockerfile"
TOOLS = Path(sys.executable).parent
SUPPORTED = ("1.32", "1.37")
"""The oldest and the newest Kubernetes that the manifests are checked for."""

Object = dict[str, Any]


def loaded(file: Path) -> list[Object]:
    return list(yaml.safe_load_all(file.read_text(encoding="utf-8")))


COMPOSE = loaded(DEPLOY / "compose.yaml")[0]
SERVICES: dict[str, Object] = COMPOSE["services"]
KUSTOMIZATION = loaded(KUBERNETES / "kustomization.yaml")[0]
MANIFESTS = [
    found
    for file in sorted(KUBERNETES.glob("*.yaml"))
    if file.name != "kustomization.yaml"
    for found in loaded(file)
]


def name_of(manifest: Object) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def of_kind(kind: str) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] == kind}


def template(manifest: Object) -> Object | None:
    """The pod of a manifest that makes pods."""
    spec = manifest.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return cast("Object | None", spec.get("template"))


PODS = {name_of(one): pod for one in MANIFESTS if (pod := template(one))}
CONTAINERS = {name: pod["spec"]["containers"][0] for name, pod in PODS.items()}
OURS = {
    **{name: one for name, one in CONTAINERS.items() if one["image"].startswith("cited:")},
    **{f"compose/{name}": one for name, one in SERVICES.items() if one["image"] == "cited:0.1.0"},
}


def instructions(word: str) -> list[str]:
    """What follows a word of the Dockerfile, with lines that go on put together."""
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(rf"^{word} +(.+)$", text, re.MULTILINE)


def environment(container: Object) -> dict[str, str]:
    """Its own variables over those of the image."""
    own: dict[str, str] = container.get("environment", {})
    own = own | {one["name"]: one["value"] for one in container.get("env", [])}
    image = dict(pair.split("=", 1) for line in instructions("ENV") for pair in line.split())
    return image | own


def settings(container: Object) -> dict[str, str]:
    found = environment(container)
    return {name: value for name, value in found.items() if name.startswith("QA_")}


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)


# What their own validators say.


@pytest.mark.parametrize("version", SUPPORTED)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=name_of)
def test_manifests_are_valid(manifest: Object, version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("manifest", MANIFESTS, ids=name_of)
def test_what_kubernetes_does_not_know_is_refused(manifest: Object) -> None:
    broken = copy.deepcopy(manifest)
    broken.setdefault("spec", {})["replics"] = 3
    with pytest.raises(kubernetes_validate.ValidationError, match="replics"):
        kubernetes_validate.validate(broken, SUPPORTED[-1], strict=True)


def checked_compose(file: Path) -> subprocess.CompletedProcess[str]:
    schema = ("--builtin-schema", "vendor.compose-spec")
    return run(sys.executable, "-m", "check_jsonschema", *schema, file)


def test_the_compose_file_is_valid() -> None:
    done = checked_compose(DEPLOY / "compose.yaml")
    assert done.returncode == 0, done.stdout


def test_what_compose_does_not_know_is_refused(tmp_path: Path) -> None:
    broken = copy.deepcopy(COMPOSE)
    broken["services"]["serve"]["depend_on"] = ["index"]
    file = tmp_path / "compose.yaml"
    file.write_text(yaml.safe_dump(broken), encoding="utf-8")
    done = checked_compose(file)
    assert done.returncode == 1
    assert "depend_on" in done.stdout


def test_the_dockerfile_is_valid() -> None:
    done = run(TOOLS / "hadolint", "--failure-threshold", "style", DOCKERFILE)
    assert done.returncode == 0, done.stdout


def test_a_dockerfile_that_installs_anything_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM python\nRUN pip install cited\n", encoding="utf-8")
    done = run(TOOLS / "hadolint", "--failure-threshold", "style", file)
    assert done.returncode == 1
    assert "DL3006" in done.stdout


# What they say of the program.


@pytest.mark.parametrize("name", OURS)
def test_settings_are_real_and_so_are_their_values(name: str) -> None:
    found = settings(OURS[name])
    fields = {variable.removeprefix("QA_").lower(): value for variable, value in found.items()}
    assert {"corpus", "index_dir", "chroma_url"} <= fields.keys() <= Settings.model_fields.keys()
    Settings(**fields)  # which also refuses a value that a field may not have


def test_the_document_names_real_settings() -> None:
    named = set(
        re.findall(r"\bQA_(\w+)", (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8"))
    )
    assert named and {name.lower() for name in named} <= Settings.model_fields.keys()


@pytest.mark.parametrize("name", OURS)
def test_commands_are_real(name: str) -> None:
    word, *arguments = OURS[name].get("args", OURS[name].get("command"))
    commands = cast(Any, typer.main.get_command(app)).commands
    commands[word].make_context(word, arguments)  # raises for an option that is none


def test_the_image_starts_what_the_replicas_start() -> None:
    (command,) = map(yaml.safe_load, instructions("CMD"))
    assert command == SERVICES["serve"]["command"]
    assert CONTAINERS["Deployment/serve"]["args"][: len(command)] == command
    assert instructions("ENTRYPOINT") == ['["cited"]']


@pytest.mark.parametrize("name", OURS)
def test_folders_are_mounted_where_the_settings_are(name: str) -> None:
    container, found = OURS[name], settings(OURS[name])
    mounts = {
        mount["mountPath"]
        if isinstance(mount, dict)
        else mount.split(":")[-1 - mount.endswith(":ro")]
        for mount in container.get("volumeMounts", container.get("volumes"))
    }
    wanted = {found["QA_INDEX_DIR"]}
    if name.endswith("index"):
        wanted.add(found["QA_CORPUS"])
    assert wanted <= mounts


def test_the_health_that_probes_ask_for_is_a_route() -> None:
    nothing = cast(Any, None)  # the routes are listed, not called
    paths = {API + cast(Any, route).path for route in Routes(nothing, nothing).router().routes}
    probes = CONTAINERS["Deployment/serve"]
    asked = {probes[kind]["httpGet"]["path"] for kind in ("startupProbe", "readinessProbe")}
    asked |= {urlsplit(url).path for url in healthcheck_urls("serve")}
    assert asked == {f"{API}/health"} <= paths


def healthcheck_urls(service: str) -> list[str]:
    test = " ".join(SERVICES[service]["healthcheck"]["test"])
    return re.findall(r'"(http://[^"]+)"', test)


@pytest.mark.parametrize("path", [DOCKERFILE, DEPLOY / "compose.yaml", KUBERNETES / "chroma.yaml"])
def test_the_server_is_of_the_version_that_the_tests_run_with(path: Path) -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    (pinned,) = re.findall(r"^chromadb==(.+)$", pins, re.MULTILINE)
    tags = re.findall(r"chroma:(\d+\.[\w.]+)", path.read_text(encoding="utf-8"))
    assert set(tags) == {pinned}


def test_our_image_is_of_our_version() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.+)"$', text, re.MULTILINE)
    tags = {one["image"] for one in OURS.values()}
    tags |= {f"{one['name']}:{one['newTag']}" for one in KUSTOMIZATION["images"]}
    assert tags == {f"cited:{version}"}


# What they say of each other.


@pytest.mark.parametrize("name", OURS)
def test_the_server_is_where_the_settings_look_for_it(name: str) -> None:
    url = urlsplit(settings(OURS[name])["QA_CHROMA_URL"])
    if name.startswith("compose/"):
        assert url.hostname == "chroma" and url.hostname in SERVICES
        assert f"/{url.port} " in " ".join(SERVICES["chroma"]["healthcheck"]["test"])
    else:
        (port,) = of_kind("Service")[str(url.hostname)]["spec"]["ports"]
        assert port["port"] == url.port


@pytest.mark.parametrize("service", of_kind("Service").values(), ids=name_of)
def test_a_service_leads_to_a_port_of_its_pods(service: Object) -> None:
    ports = [
        port
        for name, pod in PODS.items()
        if service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
        for port in CONTAINERS[name].get("ports", [])
    ]
    (port,) = service["spec"]["ports"]
    assert [found["name"] for found in ports] == [port["targetPort"]]
    if service["spec"].get("clusterIP") == "None":  # its name is the pod's, and so is its port
        assert ports[0]["containerPort"] == port["port"]


def test_the_chat_listens_where_it_is_asked() -> None:
    command = SERVICES["serve"]["command"]
    port = int(command[command.index("--port") + 1])
    assert [one["containerPort"] for one in CONTAINERS["Deployment/serve"]["ports"]] == [port]
    assert {urlsplit(url).port for url in healthcheck_urls("serve")} == {port}
    assert instructions("EXPOSE") == [str(port)]
    (published,) = SERVICES["serve"]["ports"]
    first, last = re.fullmatch(rf"127\.0\.0\.1:(\d+)-(\d+):{port}", published).groups()  # type: ignore[union-attr]
    assert int(last) - int(first) + 1 == SERVICES["serve"]["deploy"]["replicas"]


def allowed(policy: Object, direction: str) -> set[str]:
    """The pods that a policy names, as the peers of a direction."""
    return {
        name
        for rule in policy["spec"].get(direction, [])
        for peer in rule.get("from", rule.get("to", []))
        for name, pod in PODS.items()
        if "podSelector" in peer
        and peer["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    }


def test_only_the_chat_and_the_job_reach_the_server() -> None:
    policy = of_kind("NetworkPolicy")["chroma"]
    selected = policy["spec"]["podSelector"]["matchLabels"]
    labels = PODS["StatefulSet/chroma"]["metadata"]["labels"]
    assert selected.items() <= labels.items()
    assert "Ingress" in policy["spec"]["policyTypes"]
    (rule,) = policy["spec"]["ingress"]  # a second one could let anybody in
    assert len(rule["from"]) == 1
    assert allowed(policy, "ingress") == {"Deployment/serve", "CronJob/index"}
    (port,) = CONTAINERS["StatefulSet/chroma"]["ports"]
    assert [one["port"] for one in rule["ports"]] == [port["containerPort"]]
    assert allowed(of_kind("NetworkPolicy")["cited"], "egress") == {"StatefulSet/chroma"}


def test_nobody_outside_reaches_the_server_that_compose_starts() -> None:
    assert "ports" not in SERVICES["chroma"]
    assert all(COMPOSE["networks"][name]["internal"] for name in SERVICES["chroma"]["networks"])
    for name in ("index", "serve"):
        assert set(SERVICES["chroma"]["networks"]) <= set(SERVICES[name]["networks"])


def test_one_publisher_at_a_time() -> None:
    assert of_kind("CronJob")["index"]["spec"]["concurrencyPolicy"] == "Forbid"
    assert of_kind("StatefulSet")["chroma"]["spec"]["replicas"] == 1
    assert SERVICES["serve"]["depends_on"]["index"]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_no_more_than_it_must(name: str) -> None:
    spec, container = PODS[name]["spec"], CONTAINERS[name]
    assert len(spec["containers"]) == 1
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_of_compose_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert int(service["user"].split(":")[0]) > 0
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}


def test_the_user_owns_what_it_writes_to() -> None:
    users = {line.split(":")[0] for line in instructions("USER")}
    users |= {str(pod["spec"]["securityContext"]["runAsUser"]) for pod in PODS.values()}
    users |= {service["user"].split(":")[0] for service in SERVICES.values()}
    owners = re.findall(r"-o (\d+)", " ".join(instructions("RUN")))
    assert users == set(owners)
    assert len(owners) == len(instructions("USER"))


@pytest.mark.parametrize("name", PODS)
def test_what_a_pod_mounts_is_there(name: str) -> None:
    kind, own = name.split("/")
    claims = {
        claim["metadata"]["name"]
        for claim in of_kind(kind)[own]["spec"].get("volumeClaimTemplates", [])
    }
    volumes = PODS[name]["spec"]["volumes"]
    mounted = {mount["name"] for mount in CONTAINERS[name]["volumeMounts"]}
    assert mounted == {volume["name"] for volume in volumes} | claims
    named = {
        one["persistentVolumeClaim"]["claimName"]
        for one in volumes
        if len(one.keys() & {"emptyDir"}) == 0
    }
    assert named <= of_kind("PersistentVolumeClaim").keys()


def test_kustomize_takes_all_files() -> None:
    files = {file.name for file in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == files
    assert KUSTOMIZATION["namespace"] in of_kind("Namespace")


def test_the_build_is_given_what_it_copies() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in lines if line.startswith("!")]
    copied = [
        source
        for line in instructions("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    ]
    assert "*" in lines and sorted(copied) == sorted(let_in)
    assert all((ROOT / source).exists() for source in copied)


# The server's image has no program that asks by HTTP: bash does it.


@contextmanager
def answering(status: int) -> Iterator[int]:
    """The port of a server that answers like that, for the path of Chroma's heartbeat."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/v2/heartbeat" else 404)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def chroma_healthy(port: int) -> bool:
    word, *command = cast(Sequence[str], SERVICES["chroma"]["healthcheck"]["test"])
    assert word == "CMD"
    return (
        run(*(part.replace("$$", "$").replace("/8000", f"/{port}") for part in command)).returncode
        == 0
    )


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_composes_check_of_the_server_sees_its_answer(status: int, healthy: bool) -> None:
    with answering(status) as port:
        assert chroma_healthy(port) is healthy


def test_composes_check_of_the_server_sees_that_there_is_none() -> None:
    with answering(200) as port:
        pass
    assert not chroma_healthy(port)
