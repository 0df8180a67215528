"""What the programs that compare case by case have in common: the options, the cases asked for, and the reports."""

import argparse
import fnmatch
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from common import program
from common.options import add_number_option, new_parser
from common.system import BenchmarkError, installed
from comparison import report
from comparison.bench import Bench, CaseSkipped, Comparison, Plan
from comparison.cases import Case

# Prints a line about the circumstances, and puts it into the reports; once if it comes again.
Note = Callable[[str], None]
# Compares everything, with files in a folder.
Measure = Callable[[argparse.Namespace, Plan, Path, Note], Iterator[Comparison]]


def arguments(
    description: str | None, schemes: list[str], add_rival_option: Callable[[argparse.ArgumentParser], None]
) -> argparse.Namespace:
    """Reads the command line; the option about rivals other than nginx is the program's own."""
    parser = new_parser(description, can_be_nginx=True)
    add_number_option(parser, "--seconds", 3, "length of a run")
    add_number_option(parser, "--pairs", 4, "pairs of runs for each case")
    parser.add_argument("--cases", default="*", metavar="GLOB", help="the cases by name (default: *)")
    every = ",".join(schemes)
    parser.add_argument("--schemes", default=every, metavar="LIST", help=f"default: {every}")
    parser.add_argument("--workers", default="1,2", metavar="LIST", help="numbers of workers (default: 1,2)")
    add_rival_option(parser)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the results as a table")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run")
    options = parser.parse_args()
    options.workers = [int(number) for number in options.workers.split(",")]
    options.schemes = options.schemes.split(",")
    if not set(options.schemes) <= set(schemes) or min(*options.workers, options.seconds, options.pairs) < 1:
        parser.error(f"--schemes takes {', '.join(schemes[:-1])} and {schemes[-1]}, the numbers begin at 1")
    return options


def can_take_part(rival: str, binary: str) -> bool:
    """Whether a rival that is asked for is installed; a line says so if it is not."""
    is_installed = installed(binary) is not None
    if not is_installed:
        print(f"{rival} skipped: it is not installed", flush=True)
    return is_installed


def choose(cases: list[Case], options: argparse.Namespace) -> list[tuple[str, Case]]:
    """The cases that are asked for, each with every scheme it is for."""
    possible = [(scheme, case) for scheme in options.schemes for case in cases if scheme in case.schemes]
    chosen = [(scheme, case) for scheme, case in possible if fnmatch.fnmatchcase(case.name, options.cases)]
    if not chosen:
        names = ", ".join(f"{case.name} ({', '.join(sorted(case.schemes))})" for case in cases)
        raise BenchmarkError(f"no case of {', '.join(options.schemes)} is named {options.cases}; there are {names}")
    return chosen


def compare(bench: Bench, chosen: Iterable[tuple[str, Case]]) -> Iterator[Comparison]:
    """Compares the gateway with every rival in every case."""
    for scheme, case in chosen:
        for rival in bench.rivals:
            try:
                yield bench.compare(case, scheme, rival)
            except CaseSkipped as skipped:
                print(f"{case.name} ({scheme}) skipped with {rival.name}: {skipped}", flush=True)


def run(options: argparse.Namespace, measure: Measure, with_h2o: bool = False, with_haproxy: bool = False) -> int:
    """Measures and reports, also what was measured before something went wrong; returns the exit code."""
    plan = Plan(options.gateway, options.schemes, options.seconds, options.pairs, with_h2o, with_haproxy)
    comparisons: list[Comparison] = []
    machine: list[str] = []

    def note(text: str) -> None:
        if text not in machine:
            machine.append(text)
            print(text, flush=True)

    def work(folder: Path) -> None:
        for text in report.machine_lines(plan):
            note(text)
        for comparison in measure(options, plan, folder, note):
            comparisons.append(comparison)
            print(report.line(comparison), flush=True)

    code = program.run(work)
    if options.markdown:
        options.markdown.write_text(report.markdown(comparisons, machine, plan))
    if options.json:
        options.json.write_text(json.dumps(report.document(comparisons, machine, plan), indent=1) + "\n")
    return code
