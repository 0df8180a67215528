"""h2o, a second yardstick."""

import os
from pathlib import Path

from common.endpoint import Endpoint
from common.system import HOST, free_port, raise_descriptor_limit, tool
from servers.server import Server


class H2o(Server):
    """h2o with one thread for each worker; ALPN lets HTTP/2 and HTTP/1.1 share the port with TLS."""

    name = "h2o"
    is_optional = True

    def __init__(self, root: Path, workers: int, certificate: Path, folder: Path):
        folder.mkdir()
        plain, encrypted = free_port(), free_port()
        configuration = folder / "h2o.yaml"
        configuration.write_text(_configuration(root, workers, certificate, folder, plain, encrypted))
        super().__init__(
            [tool("h2o"), "--mode", "worker", "--conf", str(configuration)],
            folder / "log.txt",
            [Endpoint("http", plain), Endpoint("https", encrypted), Endpoint("h2", encrypted)],
        )
        self._wait_until_listening()


def _configuration(root: Path, workers: int, certificate: Path, folder: Path, plain: int, encrypted: int) -> str:
    user = "user: root" if os.geteuid() == 0 else ""
    return f"""\
{user}
num-threads: {workers}
max-connections: {raise_descriptor_limit() // 2}
pid-file: {folder}/h2o.pid
http1-request-timeout: 75
http2-idle-timeout: 75
http2-max-concurrent-requests-per-connection: 128
file.mime.addtypes:
  application/octet-stream: .f32
listen:
  host: {HOST}
  port: {plain}
listen:
  host: {HOST}
  port: {encrypted}
  ssl:
    certificate-file: {certificate}
    key-file: {certificate}
hosts:
  default:
    paths:
      /:
        file.dir: {root}
"""
