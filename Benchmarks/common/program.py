"""What every benchmark does as a program: works in a folder that goes, and says on stderr what went wrong."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from common.system import BenchmarkError, exit_on_sigterm


def run(work: Callable[[Path], None]) -> int:
    """Does the work in a temporary folder; returns the exit code."""
    exit_on_sigterm()
    try:
        with tempfile.TemporaryDirectory(prefix="gateway-benchmark-") as folder:
            work(Path(folder))
    except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
        complain(str(error))
        return 1
    return 0


def complain(text: str) -> None:
    """Writes a line to stderr, with the name of the script."""
    print(f"{Path(sys.argv[0]).name}: {text}", file=sys.stderr)
