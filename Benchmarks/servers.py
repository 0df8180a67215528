"""Starts nginx and the gateway on loopback ports, and measures their processes."""

import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HOST = "127.0.0.1"
READY_SECONDS = 20
CRASH_SECONDS = 10
STOP_SECONDS = 10
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """A measurement that cannot be made, or would not be valid."""


def tool(name: str) -> str:
    """The path of an installed program."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise BenchmarkError(f"{name} is not installed")
    return found


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def raise_descriptor_limit() -> int:
    """Raises the limit of open files as far as allowed, for this process and those it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def exit_on_sigterm() -> None:
    """Lets SIGTERM end this process as an exception does, so that no server is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def make_certificate(folder: Path) -> Path:
    """A self-signed certificate with an ECDSA P-256 key, both in one PEM file."""
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    subprocess.run(
        [
            tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-noenc", "-days", "2", "-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{HOST}",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    both.chmod(0o600)
    return both


def client_context() -> ssl.SSLContext:
    """TLS 1.3 for the client's side, which knows that the certificate is self-signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Endpoint:
    """A port of a server: what is spoken there, and with which setting of the server."""

    def __init__(self, scheme: str, port: int, setting: str = ""):
        self.scheme, self.port, self.setting = scheme, port, setting

    @property
    def authority(self) -> str:
        return f"{HOST}:{self.port}"

    def url(self, path: str) -> str:
        return f"{self.scheme}://{self.authority}{path}"

    def connect(self, source: str | None = None, timeout: float = 20) -> socket.socket:
        """A new connection, with the handshake done if it is one with TLS."""
        connection = socket.create_connection(
            (HOST, self.port), timeout, source_address=(source, 0) if source else None
        )
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _CONTEXT.wrap_socket(connection) if self.scheme == "https" else connection


_CONTEXT = client_context()


class Server:
    """A running server and its processes."""

    name = ""

    def __init__(self, command: list[str], log: Path, endpoints: list[Endpoint]):
        self.endpoints = endpoints
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def endpoints_for(self, scheme: str) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints if endpoint.scheme == scheme]

    def processes(self) -> list[int]:
        """The process that was started and all below it."""
        children: dict[int, list[int]] = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and (fields := _stat_fields(int(entry))):
                children.setdefault(int(fields[1]), []).append(int(entry))
        tree = [self._process.pid]
        for process in tree:
            tree += children.get(process, [])
        return tree

    def cpu_seconds(self) -> float:
        """User and system time of all processes so far."""
        every = (_stat_fields(process) for process in self.processes())
        return sum(int(fields[11]) + int(fields[12]) for fields in every if fields) / CLOCK_TICKS

    def resident_bytes(self) -> int:
        """Resident memory (VmRSS) of all processes; pages that they share count more than once."""
        total = 0
        for process in self.processes():
            try:
                status = Path(f"/proc/{process}/status").read_text()
            except OSError:
                continue
            if match := re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE):
                total += int(match[1]) * 1024
        return total

    def open_descriptors(self) -> int:
        """Open descriptors of all processes."""
        total = 0
        for process in self.processes():
            try:
                total += len(os.listdir(f"/proc/{process}/fd"))
            except OSError:
                continue
        return total

    def check_alive(self, wait_seconds: float = 0) -> None:
        """Fails with the server's last words if it has ended, or does within `wait_seconds`."""
        deadline = time.monotonic() + wait_seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        if self._process.poll() is not None:
            raise BenchmarkError(f"{self.name} ended with code {self._process.returncode}:\n{self._log_end()}")

    def stop(self) -> None:
        """Ends the server as its operators do, and by force only if that does not help."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until(self, is_ready) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            self.check_alive()
            if time.monotonic() > deadline:
                self.stop()
                raise BenchmarkError(f"{self.name} was not ready after {READY_SECONDS} s:\n{self._log_end()}")
            time.sleep(0.05)

    def _log_end(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


class Nginx(Server):
    """nginx with everything that makes it fast; one port for each setting whose best value depends on the case."""

    name = "nginx"

    def __init__(self, root: Path, workers: int, certificate: Path | None, folder: Path, idle_seconds: int = 75):
        folder.mkdir()
        endpoints = [
            Endpoint("http", free_port(), "tcp_nopush on"),
            Endpoint("http", free_port(), "tcp_nopush off"),
        ]
        if certificate is not None:
            # tcp_nopush plays no part in TLS: nginx sends records without sendfile then.
            endpoints += [
                Endpoint("https", free_port(), "ssl_buffer_size 16k"),
                Endpoint("https", free_port(), "ssl_buffer_size 4k"),
            ]
        configuration = folder / "nginx.conf"
        configuration.write_text(_nginx_configuration(root, workers, certificate, folder, endpoints, idle_seconds))
        super().__init__(
            [tool("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(configuration)],
            folder / "log.txt",
            endpoints,
        )
        self._wait_until(lambda: all(_accepts(endpoint) for endpoint in endpoints))
        # The master accepts connections before the workers exist.
        self._wait_until(lambda: len(self.processes()) > workers)


class Gateway(Server):
    """The gateway, one process for plain HTTP or for HTTPS."""

    name = "gateway"

    def __init__(self, binary: str, root: Path, workers: int, certificate: Path | None, folder: Path, *options: str):
        folder.mkdir()
        endpoint = Endpoint("https" if certificate else "http", free_port())
        command = [binary, "--root", str(root), "--port", str(endpoint.port), "--workers", str(workers)]
        command += ["--log-level", "warning", "--cache-dir", str(folder / "cache"), *options]
        if certificate is not None:
            command += ["--tls", str(certificate)]
        super().__init__(command, folder / "log.txt", [endpoint])
        self._wait_until(lambda: _is_gateway_ready(endpoint))


def _stat_fields(process: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat from the state on: 1 is the parent, 11 and 12 are user and system time."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _accepts(endpoint: Endpoint) -> bool:
    try:
        endpoint.connect().close()
    except OSError:
        return False
    return True


def _is_gateway_ready(endpoint: Endpoint) -> bool:
    try:
        with urllib.request.urlopen(endpoint.url("/_gateway/readyz"), timeout=5, context=_CONTEXT) as response:
            return response.status == 200
    except OSError:
        return False


def _nginx_configuration(
    root: Path, workers: int, certificate: Path | None, folder: Path, endpoints: list[Endpoint], idle_seconds: int
) -> str:
    descriptors = raise_descriptor_limit()
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "\n".join(
        f"    {name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    servers = "\n".join(_nginx_server(root, certificate, endpoint) for endpoint in endpoints)
    return f"""\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes {workers};
worker_rlimit_nofile {descriptors};
events {{
    worker_connections {descriptors};
}}
http {{
{temporary}
    types {{
        application/json json;
    }}
    default_type application/octet-stream;
    access_log off;
    server_tokens off;
    sendfile on;
    aio off;
    etag on;
    tcp_nodelay on;
    keepalive_timeout {idle_seconds}s;
    keepalive_requests 1000000000;
    open_file_cache max=10000 inactive=60s;
    open_file_cache_valid 60s;
    ssl_protocols TLSv1.3;
    ssl_session_tickets on;
{servers}
}}
"""


def _nginx_server(root: Path, certificate: Path | None, endpoint: Endpoint) -> str:
    tls = ""
    if endpoint.scheme == "https":
        tls = f"ssl_certificate {certificate}; ssl_certificate_key {certificate};"
    return f"""\
    server {{
        listen {endpoint.authority} reuseport backlog=4096{" ssl" if tls else ""};
        root {root};
        {tls}
        {endpoint.setting};
    }}"""
