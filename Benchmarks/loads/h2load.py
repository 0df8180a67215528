"""Loads an HTTP/2 endpoint with h2load and says what it achieved."""

import re
import subprocess
from pathlib import Path

from common.endpoint import CIPHER, Endpoint
from common.system import BenchmarkError, tool
from loads.run import Run
from loads.workload import Workload
from servers.server import Server


def run(
    server: Server,
    endpoint: Endpoint,
    workload: Workload,
    status: int,
    body_bytes: int,
    threads: int,
    seconds: int,
    folder: Path,
) -> Run:
    """Loads the endpoint for some seconds.

    Any error ends the benchmark, and so does another status or an amount of data that does not fit the responses:
    `body_bytes` is the size of one that was checked before.
    """
    addresses = folder / "h2load.txt"
    addresses.write_text("".join(endpoint.url(path) + "\n" for path in workload.paths))
    connections = max(workload.connections, threads)
    command = [tool("h2load"), "-t", str(threads), "-c", str(connections), "-m", str(workload.streams)]
    command += ["-D", str(seconds), "-i", str(addresses), f"--tls13-ciphers={CIPHER}"]
    command += [f"--header={name}: {text}" for name, text in workload.fields.items()]
    cpu_before = server.cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    cpu_seconds = server.cpu_seconds() - cpu_before
    server.check_alive()
    where = f"{server.name} at {endpoint.url(workload.paths[0])}"
    if done.returncode != 0:
        raise BenchmarkError(f"h2load failed against {where}:\n{done.stdout}{done.stderr}")
    try:
        responses = _responses(done.stdout, endpoint, status, body_bytes, connections * workload.streams)
    except ValueError as error:
        raise BenchmarkError(f"{where}: {error}\n{done.stdout}") from error
    return Run(responses, seconds, cpu_seconds)


def _responses(output: str, endpoint: Endpoint, status: int, body_bytes: int, under_way: int) -> float:
    """How many responses came, in parts for those still under way; a ValueError says what is wrong with them."""
    if endpoint.is_encrypted and _match(r"^Cipher: (\S+)", output)[1] != CIPHER:
        raise ValueError("another cipher suite")
    if _match(r"^Application protocol: (\S+)", output)[1] not in {"h2", "h2c"}:
        raise ValueError("not HTTP/2")
    counted = _match(r"^requests: .* (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    done, succeeded, *errors = map(int, counted.groups())
    if done == 0 or done != succeeded or any(errors):
        raise ValueError("errors, or no answer at all")
    statuses = _match(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output).groups()
    # A status is counted with the head, so that responses under way have one too.
    if not done <= int(statuses[status // 100 - 2]) == sum(map(int, statuses)):
        raise ValueError(f"other status codes than {status}")
    data = int(_match(r"\((\d+)\) data$", output)[1])
    if body_bytes == 0:
        if data:
            raise ValueError("bodies where none were expected")
        return done
    responses = data / body_bytes
    # 1 % is for files of a workload whose sizes differ a little.
    if not 0.99 * done <= responses <= 1.01 * done + under_way:
        raise ValueError(f"{done} responses have {data} bytes, expected were {body_bytes} each")
    return responses


def _match(pattern: str, output: str) -> re.Match[str]:
    match = re.search(pattern, output, re.MULTILINE)
    if match is None:
        raise ValueError(f"h2load printed nothing like {pattern}")
    return match
