#!/usr/bin/env python3
"""Compares how long the viewer's page takes from the gateway and from nginx: 370 files, at the first visit and again.

The gateway has the app as a build of its own, nginx as a folder. At the first visit all files come; at the second the
browser has them: from the gateway they never change, so only the page is asked for, from nginx each is revalidated.
"""

import argparse
import functools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from clients import client, http1, http2
from clients.frames import Kind
from common import dataset, program
from common.endpoint import PROTOCOLS, Endpoint, make_certificate
from common.options import add_number_option, new_parser
from common.pairs import in_turns, spread
from common.system import BenchmarkError
from loads import page
from servers.gateway import Gateway
from servers.nginx import Nginx
from servers.server import Server

# The connections that browsers open to one host for HTTP/1.1.
CONNECTIONS = 6
MAKE_APP = Path(__file__).resolve().parents[1] / "Tests/WebApp/large_app.py"
FOLDER = "viewer"


@dataclass(frozen=True)
class Site:
    """A server with the app: where its page is, and where its files are."""

    server: Server
    endpoint: Endpoint
    page: str
    files: list[str]
    # What a second visit asks for, with the validators that the browser has.
    revalidated: dict[str, str]


@dataclass(frozen=True)
class Visits:
    """What the visits of one run took."""

    seconds: float
    cpu_seconds: float


Visit = Callable[[Site, int, ProcessPoolExecutor], None]


def first_visit(site: Site, total_bytes: int, pool: ProcessPoolExecutor) -> None:
    paths = [site.page, *site.files]
    if site.endpoint.speaks_http2:
        page.open_page(site.endpoint, paths, total_bytes)
        return
    shares = [paths[number::CONNECTIONS] for number in range(CONNECTIONS)]
    received = sum(pool.map(functools.partial(receive, site.endpoint), shares))
    if received != total_bytes:
        raise BenchmarkError(f"{site.server.name} sent {received} bytes for a page of {total_bytes}")


def receive(endpoint: Endpoint, paths: list[str]) -> int:
    with http1.Connection(endpoint) as connection:
        answers = [connection.get(path) for path in paths]
        connection.reset()
    if any(answer.status != 200 for answer in answers):
        raise BenchmarkError(f"a file of {endpoint.authority} was not answered with status 200")
    return sum(len(answer.body) for answer in answers)


def second_visit(site: Site, _: int, pool: ProcessPoolExecutor) -> None:
    questions = list(site.revalidated.items())
    if site.endpoint.speaks_http2:
        revalidate_in_streams(site, questions)
    else:
        shares = [questions[number::CONNECTIONS] for number in range(min(CONNECTIONS, len(questions)))]
        list(pool.map(functools.partial(revalidate, site.endpoint), shares))


def revalidate(endpoint: Endpoint, questions: list[tuple[str, str]]) -> None:
    with http1.Connection(endpoint) as connection:
        for path, tag in questions:
            if connection.get(path, {"If-None-Match": tag}).status != 304:
                raise BenchmarkError(f"{endpoint.authority} sent a file again that has not changed")
        connection.reset()


def revalidate_in_streams(site: Site, questions: list[tuple[str, str]]) -> None:
    with http2.Connection(site.endpoint) as connection:
        # Not more at a time than servers allow.
        for start in range(0, len(questions), page.STREAMS):
            batch = questions[start : start + page.STREAMS]
            missing = {connection.start([path], {"If-None-Match": tag})[0] for path, tag in batch}
            while missing:
                for frame in connection.receive():
                    if frame.kind == Kind.HEADERS and connection.status(frame) != 304:
                        raise BenchmarkError(f"{site.server.name} sent a file again that has not changed")
                    if frame.ends_stream:
                        missing.discard(frame.stream)
        connection.reset()


VISITS: dict[str, Visit] = {"first visit": first_visit, "second visit": second_visit}


def run(visit: Visit, site: Site, total_bytes: int, count: int, pool: ProcessPoolExecutor) -> Visits:
    cpu_before = site.server.cpu_seconds()
    began = time.monotonic()
    for _ in range(count):
        visit(site, total_bytes, pool)
    seconds = time.monotonic() - began
    site.server.check_alive()
    return Visits(seconds / count, (site.server.cpu_seconds() - cpu_before) / count)


def tags(endpoint: Endpoint, paths: list[str]) -> dict[str, str]:
    with http1.Connection(endpoint.with_http1()) as connection:
        return {path: connection.get(path).fields["etag"] for path in paths}


def gateway_site(server: Server, scheme: str, files: list[str]) -> Site:
    endpoint = server.endpoints_for(scheme)[0]
    status = json.loads(client.get(endpoint.with_http1(), "/_gateway/web-app").body)
    prefix = f"/@{status['apps'][0]['build']['id']}/"
    # The page is not the folder's, so it is not compared; the viewer's other files are, by their number of bytes.
    return Site(server, endpoint, "/", [prefix + file for file in files], tags(endpoint, ["/"]))


def nginx_site(server: Server, scheme: str, files: list[str]) -> Site:
    endpoint = server.endpoints_for(scheme)[0]
    paths = [f"/{FOLDER}/{file}" for file in files]
    return Site(server, endpoint, f"/{FOLDER}/index.html", paths, tags(endpoint, [f"/{FOLDER}/index.html", *paths]))


def compare(sites: list[Site], scheme: str, options: argparse.Namespace, pool: ProcessPoolExecutor) -> None:
    totals = [total_bytes(site) for site in sites]
    for name, visit in VISITS.items():
        turns = [
            functools.partial(run, visit, site, total, options.visits, pool)
            for site, total in zip(sites, totals, strict=True)
        ]
        sides = in_turns(options.pairs, *turns)
        times = [theirs.seconds / ours.seconds for ours, theirs in zip(*sides, strict=True)]
        # A clock tick is a hundredth of a second: short visits may not show at all.
        cpu = [theirs.cpu_seconds / ours.cpu_seconds for ours, theirs in zip(*sides, strict=True) if ours.cpu_seconds]
        ours, theirs = (statistics.median(each.seconds for each in side) * 1e3 for side in sides)
        print(
            f"{name:13} {PROTOCOLS[scheme]:20} time, nginx/gateway {spread(times, width=5)}   "
            f"CPU {spread(cpu, 'too little to tell', width=5)}   {ours:.1f} ms : {theirs:.1f} ms",
            flush=True,
        )


def total_bytes(site: Site) -> int:
    with http1.Connection(site.endpoint.with_http1()) as connection:
        return sum(len(connection.get(path).body) for path in [site.page, *site.files])


def measure(options: argparse.Namespace, folder: Path) -> None:
    data = dataset.make(folder / "root")
    app = data.root / FOLDER
    subprocess.run([sys.executable, "-B", str(MAKE_APP), str(app)], check=True, capture_output=True)
    parts = (path for path in app.rglob("*") if path.is_file() and path.name != "index.html")
    files = sorted(str(path.relative_to(app)) for path in parts)
    certificate = make_certificate(folder)
    pairs = f"{options.pairs} pairs of {options.visits} visits"
    print(f"{len(files) + 1} files, {options.workers} workers each, {pairs}", flush=True)
    with (
        Nginx(data.root, options.workers, certificate, folder / "nginx") as nginx,
        Gateway(options.gateway, data.root, options.workers, certificate, folder / "gateway", viewer=app) as gateway,
        ProcessPoolExecutor(CONNECTIONS) as pool,
    ):
        for scheme in ("https", "h2"):
            sites = [gateway_site(gateway, scheme, files), nginx_site(nginx, scheme, files)]
            compare(sites, scheme, options, pool)


def arguments() -> argparse.Namespace:
    parser = new_parser(__doc__, can_be_nginx=False)
    add_number_option(parser, "--pairs", 5, "pairs of runs")
    add_number_option(parser, "--visits", 20, "visits of a run")
    add_number_option(parser, "--workers", 1, "workers of each server")
    options = parser.parse_args()
    if min(options.pairs, options.visits, options.workers) < 1:
        parser.error("numbers begin at 1")
    return options


def main() -> int:
    options = arguments()
    return program.run(functools.partial(measure, options))


if __name__ == "__main__":
    sys.exit(main())
