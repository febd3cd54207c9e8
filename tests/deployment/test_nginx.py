"""The nginx configuration: its structure always, its behaviour where an nginx is at hand (NGINX or the system's)."""

from __future__ import annotations

import gzip
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.embedded.paths import CHECKOUT
from tests.embedded.conftest import eventually

HERE = CHECKOUT / "config" / "nginx"
BINARY = os.environ.get("NGINX") or shutil.which("nginx")


@dataclass
class Directive:
    """One directive: its words and, for a block, what stands inside."""

    words: list[str]
    inside: list[Directive] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.words[0]


def parse(text: str) -> list[Directive]:
    """The directives of a configuration; raises ValueError when braces or semicolons do not fit."""
    tokens = re.findall(
        r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|(?:\$\{\w+\}|[^\s{};'"])+""", text
    )
    stack: list[list[Directive]] = [[]]
    words: list[str] = []
    for token in tokens:
        if token.startswith("#"):
            continue
        if token == ";":
            stack[-1].append(Directive(words))
            words = []
        elif token == "{":
            stack[-1].append(Directive(words))
            stack.append(stack[-1][-1].inside)
            words = []
        elif token == "}":
            if words or len(stack) == 1:
                raise ValueError(f"unexpected }} after {words}")
            stack.pop()
        else:
            words.append(token)
    if words or len(stack) > 1:
        raise ValueError(f"the end is missing after {words}")
    return stack[0]


def every(directives: list[Directive], name: str) -> list[Directive]:
    found = [one for one in directives if one.name == name]
    return found + [deep for one in directives for deep in every(one.inside, name)]


SITE = parse((HERE / "default.conf.template").read_text())
PROXY = parse((HERE / "proxy.conf").read_text())


def test_all_files_parse() -> None:
    assert {one.name for one in parse((HERE / "nginx.conf").read_text())} >= {"events", "http"}
    with pytest.raises(ValueError, match="end is missing"):
        parse("server { listen 80;")


def test_each_forwarded_header_is_overwritten() -> None:
    headers = {one.words[1]: one.words[2] for one in PROXY if one.name == "proxy_set_header"}
    assert headers["X-Forwarded-For"] == headers["X-Real-IP"] == "$remote_addr"
    assert headers["X-Forwarded-Proto"] == "$scheme"
    assert headers["X-Forwarded-Host"] == headers["Host"] == "$host"
    assert headers["Forwarded"] == '""'
    assert not any("proxy_add_x_forwarded_for" in word for one in PROXY for word in one.words)


def test_every_location_that_proxies_takes_the_headers_along() -> None:
    proxying = [one for one in every(SITE, "location") if every(one.inside, "proxy_pass")]
    assert len(proxying) == 3
    for location in proxying:
        assert [one.words[1] for one in every(location.inside, "include")] == ["/etc/nginx/proxy.conf"]
        # One header of its own would make nginx forget those of the include.
        assert not every(location.inside, "proxy_set_header")


def test_upstreams_are_services_of_the_compose_file() -> None:
    servers = {one.words[1]: one.inside[0].words[1] for one in every(SITE, "upstream")}
    assert servers == {"web": "web:8000", "ws": "ws:8000"}


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers with its own name and what it was told."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = {
            "server": self.server.server_name,  # type: ignore[attr-defined]
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": len(self.rfile.read(length)),
            "padding": "x" * 2000,
        }
        answer = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Silence."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


@dataclass(frozen=True)
class Front:
    """A running nginx."""

    http: int
    https: int

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.https, context=context, timeout=10)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Host": "acme.example.test", **names})
        return connection.getresponse()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    if BINARY is None:
        pytest.skip("no nginx here: only the structure is tested")
    place = tmp_path_factory.mktemp("nginx")
    upstreams = {}
    for name in ("web", "ws"):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        server.server_name = name
        threading.Thread(target=server.serve_forever, daemon=True).start()
        upstreams[name] = server
    certificate = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=example.test"]
    output = ["-keyout", str(place / "privkey.pem"), "-out", str(place / "fullchain.pem")]
    subprocess.run(["openssl", *certificate, *output], check=True, capture_output=True)
    shutil.copy(HERE / "proxy.conf", place)
    (place / "conf.d").mkdir()
    running = Front(free_port(), free_port())
    version = subprocess.run([BINARY, "-v"], capture_output=True, text=True, check=True).stderr
    modern = tuple(map(int, re.findall(r"\d+", version)[:2])) >= (1, 26)
    replaced = {
        "${BASE_DOMAIN}": "example.test",
        "${REAL_IP_FROM}": "192.0.2.1",
        "listen 80 ": f"listen 127.0.0.1:{running.http} ",
        "listen 443 ": f"listen 127.0.0.1:{running.https} ",
        "/etc/nginx/certificates": str(place),
        "/etc/nginx": str(place),
        **{f"server {name}:8000": f"server 127.0.0.1:{up.server_port}" for name, up in upstreams.items()},
        **({} if modern else {"http2 on;": ""}),
    }
    text = (HERE / "default.conf.template").read_text()
    for old, new in replaced.items():
        assert old in text or old == "/etc/nginx", old
        text = text.replace(old, new)
    (place / "conf.d" / "default.conf").write_text(text)
    types = "types { text/html html; }\n"
    (place / "mime.types").write_text(types)
    main = (HERE / "nginx.conf").read_text().replace("/etc/nginx", str(place))
    main = main.replace("user nginx;", "daemon off;").replace("/run/nginx.pid", str(place / "pid"))
    main = main.replace("/dev/stdout", str(place / "access.log"))
    temporary = "".join(
        f"    {kind}_temp_path {place}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = main.replace("http {\n", "http {\n" + temporary)
    (place / "nginx.conf").write_text(main)
    command = [BINARY, "-p", str(place), "-c", str(place / "nginx.conf"), "-e", str(place / "error.log")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen(command)

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", running.http)) == 0

    assert eventually(answers), Path(place / "error.log").read_text()
    yield running
    process.terminate()
    process.wait()
    for server in upstreams.values():
        server.shutdown()


def told(answer: http.client.HTTPResponse) -> dict[str, object]:
    assert answer.status == 200
    content = answer.read()
    if answer.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    result: dict[str, object] = json.loads(content)
    return result


@pytest.mark.parametrize(
    ("path", "server"),
    [
        ("/", "web"),
        ("/api/v1/orders/", "web"),
        ("/ws/stream/", "ws"),
        ("/events/ticker/", "ws"),
        ("/wsx", "web"),
    ],
)
def test_routes(front: Front, path: str, server: str) -> None:
    assert told(front.ask(path))["server"] == server


def test_a_clients_forwarded_headers_are_lost(front: Front) -> None:
    lies = {
        "X_Forwarded_For": "6.6.6.6",
        "X_Forwarded_Host": "globex.example.test",
        "X_Forwarded_Proto": "http",
        "X_Forwarded_Port": "1",
        "X_Real_IP": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
    }
    headers = told(front.ask("/", **lies))["headers"]
    assert isinstance(headers, dict)
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == "127.0.0.1"
    assert headers["x-forwarded-host"] == headers["host"] == "acme.example.test"
    assert headers["x-forwarded-proto"] == "https"
    assert not {"x-forwarded-port", "forwarded"} & set(headers)


def test_websocket_upgrades_pass(front: Front) -> None:
    headers = told(front.ask("/ws/stream/", Upgrade="websocket", Connection="Upgrade"))["headers"]
    assert isinstance(headers, dict)
    assert (headers["upgrade"], headers["connection"].lower()) == ("websocket", "upgrade")


def test_bodies_have_a_limit(front: Front) -> None:
    assert front.ask("/api/v1/todos/", method="POST", body=b"x" * (11 << 20)).status == 413
    assert (
        told(front.ask("/api/v1/catalog/import/", method="POST", body=b"x" * (11 << 20)))["body"] == 11 << 20
    )


def test_text_is_compressed(front: Front) -> None:
    answer = front.ask("/", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_metrics_are_for_the_inside(front: Front) -> None:
    assert front.ask("/metrics").status == 404


def test_http_only_leads_to_https(front: Front) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", front.http, timeout=10)
    connection.request("POST", "/login/?next=/", headers={"Host": "acme.example.test"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (308, "https://acme.example.test/login/?next=/")
    answer.read()
    connection.request("GET", "/nginx-health")
    assert connection.getresponse().status == 204
