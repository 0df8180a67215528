"""nginx as a proxy, the yardstick."""

from pathlib import Path

from common.endpoint import Endpoint
from servers.nginx import NginxProcess, endpoints_with, server

# Answers that do not fit the buffers never go to disk; how large they should be depends on the case.
BUFFERS = [
    "proxy_max_temp_file_size 0",
    "proxy_max_temp_file_size 0; proxy_buffers 16 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 512k",
    "proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 4 64k",
]
SETTINGS = {"http": BUFFERS, "https": [f"ssl_buffer_size 16k; {setting}" for setting in BUFFERS]}
# Idle connections of a worker to the upstream: more than any case uses.
KEPT_CONNECTIONS = 256


class NginxProxy(NginxProcess):
    """nginx in front of one upstream, to which its connections stay open."""

    def __init__(self, upstream: Endpoint, workers: int, certificate: Path | None, folder: Path):
        endpoints = endpoints_with(SETTINGS, certificate)
        pool = f"""\
    upstream behind {{
        server {upstream.authority};
        keepalive {KEPT_CONNECTIONS};
        keepalive_requests 1000000000;
    }}"""
        passing = 'proxy_http_version 1.1; proxy_set_header Connection ""; location / { proxy_pass http://behind; }'
        servers = [server(endpoint, certificate, passing) for endpoint in endpoints]
        super().__init__("\n".join([pool, *servers]), workers, folder, endpoints)
