"""The proxy of the README speaks TLS of today alone, answers nobody without it, and says itself who came."""

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from werkzeug.serving import make_server

from engine.clock import SystemClock
from tests.web.conftest import Site
from tests.web.served import served
from web.config import WebConfig

ROOT = Path(__file__).parents[2]
NAME = "wuye.example.com"
# Where it is installed it is started; what it is told is looked at everywhere.
NGINX = [path for path in [shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/bin")] if path]


def documented(readme: str) -> str:
    """Return what a README tells nginx."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    return text.split("```nginx\n")[1].split("```")[0]


def without_remarks(text: str) -> str:
    return re.sub(r"\s*#.*", "", text)


def test_both_readmes_tell_the_proxy_the_same() -> None:
    assert without_remarks(documented("README.zh-CN.md")) == without_remarks(documented("README.md"))


def test_the_proxy_is_told_of_tls_of_today_and_of_a_way_to_it() -> None:
    told = documented("README.md")
    assert re.findall(r"ssl_protocols\s+(.*);", told) == ["TLSv1.2 TLSv1.3"]
    assert re.findall(r"listen\s+(.*);", told) == ["80", "443 ssl"]
    assert "return 308 https://$host$request_uri;" in told


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_certificate(folder: Path) -> Path:
    """Write a certificate for the name and its key, and return the certificate's path."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "wuye.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "wuye.pem").write_bytes(certificate.public_bytes(pem))
    return folder / "wuye.pem"


class Proxy:
    """The proxy of the README before the site, on free ports with a certificate of its own."""

    def __init__(self, folder: Path, backend: int) -> None:
        self.folder, self.plain, self.tls = folder, free_port(), free_port()
        self.certificate = write_certificate(folder)
        told = (
            documented("README.md")
            .replace("/etc/ssl/", f"{folder}/")
            .replace("127.0.0.1:8000", f"127.0.0.1:{backend}")
        )
        told = told.replace("listen 80;", f"listen 127.0.0.1:{self.plain};")
        told = told.replace("listen 443 ssl;", f"listen 127.0.0.1:{self.tls} ssl;")
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off; {temporary}\n{told}\n}}\n",
            encoding="utf-8",
        )

    def start(self, nginx: str) -> "subprocess.Popen[bytes]":
        """Start nginx, and return when it listens."""
        running = subprocess.Popen(
            [
                nginx,
                "-p",
                str(self.folder),
                "-c",
                f"{self.folder}/nginx.conf",
                "-e",
                f"{self.folder}/error.log",
            ]
        )
        for _ in range(1_000_000):
            if running.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.tls)) == 0:
                    return running
        raise AssertionError((self.folder / "error.log").read_text(encoding="utf-8"))

    def trusting(self) -> ssl.SSLContext:
        """Return what a browser asks of the proxy: this certificate, for this name."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def handshake(self, context: ssl.SSLContext) -> str | None:
        """Return the version of TLS that both sides agree on."""
        with (
            socket.create_connection(("127.0.0.1", self.tls)) as plain,
            context.wrap_socket(plain, server_hostname=NAME) as spoken,
        ):
            return spoken.version()

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """Ask over TLS."""
        with socket.create_connection(("127.0.0.1", self.tls)) as plain:
            spoken = self.trusting().wrap_socket(plain, server_hostname=NAME)
            connection = http.client.HTTPConnection(NAME)
            connection.sock = spoken
            connection.request("GET", path, headers={"Connection": "close", **headers})
            answer = connection.getresponse()
            answer.read()
            spoken.close()
            return answer


class Behind:
    """The site as it is served behind one proxy; `forwarded` is what the proxy said of each visitor."""

    def __init__(self, site: Site) -> None:
        self.forwarded: list[tuple[str, str, str]] = []
        self._app = served(site.engine, WebConfig(proxies=1, https=True))

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        names = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_FOR")
        self.forwarded.append((environ[names[0]], environ[names[1]], environ[names[2]]))
        return self._app(environ, start)


@pytest.fixture
def behind(site: Site) -> Behind:
    """The site behind the proxy."""
    return Behind(site)


@pytest.fixture(params=NGINX)
def proxy(behind: Behind, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    """The proxy of the README, running before the site."""
    server = make_server("127.0.0.1", 0, behind, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found = Proxy(tmp_path, server.server_port)
    running = found.start(request.param)
    yield found
    running.terminate()
    running.wait()
    server.shutdown()
    thread.join()
    server.server_close()


def test_tls_of_today_is_spoken_and_what_came_before_it_is_not(proxy: Proxy) -> None:
    assert proxy.handshake(proxy.trusting()) == "TLSv1.3"
    before = proxy.trusting()
    before.maximum_version = ssl.TLSVersion.TLSv1_2
    assert proxy.handshake(before) == "TLSv1.2"
    old = proxy.trusting()
    old.set_ciphers("ALL:@SECLEVEL=0")  # else the visitor's own side would refuse first
    with pytest.warns(DeprecationWarning, match="deprecated"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        proxy.handshake(old)


def test_without_tls_nobody_is_answered_but_with_the_way_to_it(proxy: Proxy, behind: Behind) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain)
    connection.request("POST", "/sign-in?next=/inbox", body="password=secret", headers={"Host": NAME})
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{NAME}/sign-in?next=/inbox")
    assert behind.forwarded == []


def test_over_tls_cookies_are_for_tls_alone_and_what_a_visitor_says_of_themselves_is_not_passed_on(
    proxy: Proxy, behind: Behind
) -> None:
    lies = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    answer = proxy.get("/sign-in", Host=NAME, **lies)
    assert answer.status == 200
    assert behind.forwarded == [("https", NAME, "127.0.0.1")]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert all(
        cookie.startswith("__Host-") and "Secure" in cookie
        for cookie in answer.headers.get_all("Set-Cookie", [])
    )
    assert answer.headers.get_all("Set-Cookie")
