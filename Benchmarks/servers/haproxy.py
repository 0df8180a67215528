"""HAProxy, a second yardstick for proxies."""

from pathlib import Path

from common.endpoint import CIPHER, Endpoint
from common.system import free_port, raise_descriptor_limit, tool
from servers.server import Server

# How bytes get through; which is faster depends on the case. Encrypted ones cannot be spliced.
SETTINGS = {"http": ["no option splice-response", "option splice-response"], "https": ["no option splice-response"]}
# Buffers of 64 KiB for large answers cost small ones nothing that could be measured.
BUFFER_BYTES = 64 * 1024


class HAProxy(Server):
    """HAProxy with one thread for each worker; its connections to the upstream stay open and are shared."""

    name = "haproxy"

    def __init__(self, upstream: Endpoint, workers: int, certificate: Path | None, folder: Path):
        folder.mkdir()
        endpoints = [
            Endpoint(scheme, free_port(), setting)
            for scheme, settings in SETTINGS.items()
            if scheme == "http" or certificate is not None
            for setting in settings
        ]
        configuration = folder / "haproxy.cfg"
        configuration.write_text(_configuration(upstream, workers, certificate, endpoints))
        super().__init__([tool("haproxy"), "-db", "-f", str(configuration)], folder / "log.txt", endpoints)
        self._wait_until_listening()


def _configuration(upstream: Endpoint, workers: int, certificate: Path | None, endpoints: list[Endpoint]) -> str:
    fronts = "\n".join(_front(upstream, certificate, endpoint, number) for number, endpoint in enumerate(endpoints))
    return f"""\
global
    nbthread {workers}
    maxconn {raise_descriptor_limit() // 8}
    tune.bufsize {BUFFER_BYTES}
    ssl-default-bind-ciphersuites {CIPHER}
    ssl-default-bind-options ssl-min-ver TLSv1.3
defaults
    mode http
    option http-keep-alive
    http-reuse always
    timeout connect 10s
    timeout client 75s
    timeout server 75s
    timeout http-keep-alive 75s
{fronts}
"""


def _front(upstream: Endpoint, certificate: Path | None, endpoint: Endpoint, number: int) -> str:
    tls = f" ssl crt {certificate} alpn http/1.1" if endpoint.is_encrypted else ""
    return f"""\
listen front{number}
    bind {endpoint.authority}{tls}
    {endpoint.setting}
    server behind {upstream.authority} pool-max-conn -1"""
