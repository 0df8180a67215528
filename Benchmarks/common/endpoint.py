"""Where a server listens, and how clients connect to it."""

import socket
import ssl
import struct
import subprocess
from pathlib import Path

from common.system import HOST, BenchmarkError, tool

# The protocols by the name that --schemes knows them by.
PROTOCOLS = {
    "http": "HTTP",
    "https": "TLS 1.3",
    "h2": "HTTP/2 over TLS 1.3",
    "h2c": "HTTP/2 without TLS",
}
# The only cipher suite that is compared: what Python and wrk offer first, and all that h2load is made to offer.
CIPHER = "TLS_AES_256_GCM_SHA384"
# Closes a connection at once, so that no port stays in TIME_WAIT.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


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


def client_context(protocol: str | None = None) -> ssl.SSLContext:
    """TLS 1.3 for the client's side, which knows that the certificate is self-signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocol:
        context.set_alpn_protocols([protocol])
    return context


_CONTEXTS = {"https": client_context(), "h2": client_context("h2")}


class Endpoint:
    """A port of a server: what is spoken there, and with which setting of the server."""

    def __init__(self, scheme: str, port: int, setting: str = ""):
        self.scheme, self.port, self.setting = scheme, port, setting

    @property
    def authority(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def is_encrypted(self) -> bool:
        return self.scheme in _CONTEXTS

    @property
    def speaks_http2(self) -> bool:
        return self.scheme in {"h2", "h2c"}

    def with_http1(self) -> "Endpoint":
        """The same port without HTTP/2."""
        return Endpoint("https" if self.is_encrypted else "http", self.port, self.setting)

    def url(self, path: str) -> str:
        return f"{'https' if self.is_encrypted else 'http'}://{self.authority}{path}"

    def connect(
        self, source: str | None = None, timeout: float = 20, session: ssl.SSLSession | None = None
    ) -> socket.socket:
        """A new connection, with the handshake done if it is one with TLS; a `session` is offered for resumption."""
        connection = self.connect_plainly(source, timeout)
        if not self.is_encrypted:
            return connection
        try:
            encrypted = _CONTEXTS[self.scheme].wrap_socket(connection, session=session)
        except OSError:
            connection.close()
            raise
        if self.scheme == "h2" and encrypted.selected_alpn_protocol() != "h2":
            encrypted.close()
            raise BenchmarkError(f"the server at {self.authority} does not take HTTP/2")
        return encrypted

    def connect_plainly(self, source: str | None = None, timeout: float = 20) -> socket.socket:
        """A new TCP connection, without the handshake of TLS."""
        connection = socket.create_connection(
            (HOST, self.port), timeout, source_address=(source, 0) if source else None
        )
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def reset(connection: socket.socket) -> None:
    """Closes a connection at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    connection.close()


def check_cipher(endpoints: list[Endpoint]) -> str:
    """The TLS version and cipher suite, which must not be a difference between the servers."""
    chosen = set()
    for endpoint in endpoints:
        with endpoint.connect() as connection:
            version, (cipher, _, _) = connection.version(), connection.cipher()
        if cipher != CIPHER:
            raise BenchmarkError(f"{endpoint.url('/')} chose the cipher suite {cipher}, compared is {CIPHER}")
        chosen.add(f"{version}, {cipher}")
    if len(chosen) != 1:
        raise BenchmarkError(f"the servers chose different versions of TLS: {' and '.join(sorted(chosen))}")
    return chosen.pop()
