"""Loads an endpoint with wrk and says what it achieved."""

import json
import subprocess
from pathlib import Path

from common.endpoint import Endpoint
from common.system import BenchmarkError, tool
from loads.run import Run
from loads.workload import Workload
from servers.server import Server


def run(
    server: Server,
    endpoint: Endpoint,
    workload: Workload,
    response_bytes: int,
    threads: int,
    seconds: int,
    folder: Path,
) -> Run:
    """Loads the endpoint for some seconds.

    Any error ends the benchmark, and so does an amount of bytes that does not fit the responses:
    `response_bytes` is the size, head included, of one that was checked before.
    """
    script = folder / "load.lua"
    script.write_text(_lua(workload))
    connections = max(workload.connections, threads)
    command = [tool("wrk"), "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "20s"]
    cpu_before = server.cpu_seconds()
    done = subprocess.run(
        [*command, "-s", str(script), endpoint.url(workload.paths[0])],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    cpu_seconds = server.cpu_seconds() - cpu_before
    server.check_alive()
    where = f"{server.name} at {endpoint.url(workload.paths[0])}"
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if done.returncode != 0 or line is None:
        raise BenchmarkError(f"wrk failed against {where}:\n{done.stdout}{done.stderr}")
    result = json.loads(line.removeprefix("RESULT "))
    errors = {name: count for name, count in result["errors"].items() if count}
    if errors or result["bytes"] == 0:
        raise BenchmarkError(f"errors of {where}: {errors or 'no answer at all'}\n{done.stdout}")
    responses = result["bytes"] / response_bytes
    # wrk counts bytes of responses still under way too, at most one a connection; 1 % is for heads of other sizes.
    if not 0.99 * result["requests"] <= responses <= 1.01 * result["requests"] + connections:
        raise BenchmarkError(
            f"{where}: {result['requests']} responses have {result['bytes']} bytes, expected were {response_bytes} each"
        )
    return Run(
        responses=responses,
        seconds=result["microseconds"] / 1e6,
        cpu_seconds=cpu_seconds,
        latency_p50_ms=result["p50"] / 1e3,
        latency_p99_ms=result["p99"] / 1e3,
    )


def _lua(workload: Workload) -> str:
    lines = [f"wrk.headers[{json.dumps(name)}] = {json.dumps(text)}\n" for name, text in workload.fields.items()]
    if workload.bodies:
        lines.append(_cycle(workload.bodies, 'wrk.format("POST", nil, nil, item)'))
    elif len(workload.paths) > 1:
        lines.append(_cycle(workload.paths, 'wrk.format("GET", item)'))
    return "".join(lines) + _REPORT


def _cycle(items: list[str], made: str) -> str:
    """Requests in turn, each made of an item; every thread begins with another one."""
    listed = ",\n".join(f"  {json.dumps(item)}" for item in items)
    return f"""\
local items = {{
{listed}
}}
local requests = {{}}
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  for index, item in ipairs(items) do requests[index] = {made} end
  next_request = number * 997 % #requests
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end
"""


_REPORT = """
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "bytes": %.0f, "microseconds": %d, "p50": %.0f, "p99": %.0f, "errors": '
      .. '{"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}\\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
"""
