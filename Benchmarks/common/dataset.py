"""The export folder that the benchmarks serve: made from formulas, the same bytes each time."""

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path

MOUNT = "bench"
CELLS = 700
GENES = 2000
SMALL_BYTES = 3072
MEDIUM_BYTES = 1 << 20
LARGE_BYTES = 64 << 20
SHORT_RANGE = range(40_000_000, 40_001_000)
# As many files as the viewer loads when it is opened, and about as many bytes: modules, most of them small.
ASSETS = 370
LARGE_ASSET_EVERY = 46


@dataclass(frozen=True)
class Dataset:
    """An export folder below `root`, and the URL paths of its files by size."""

    root: Path
    small: str
    medium: str
    large: str
    genes: list[str]
    assets: list[str]

    def content(self, path: str) -> bytes:
        """The bytes of the file that is served at `path`."""
        return (self.root / path.lstrip("/")).read_bytes()


def make(root: Path) -> Dataset:
    """Writes the folder `root/bench`, readable for everybody."""
    folder = root / MOUNT
    (folder / "var").mkdir(parents=True)
    genes = [f"GENE{number:05d}" for number in range(GENES)]
    (folder / "dataset_identity.json").write_text(_identity())
    (folder / "obs_manifest.json").write_text(json.dumps({"_format": "compact_v1", "n_points": CELLS}))
    (folder / "points_2d.bin").write_bytes(_floats(MEDIUM_BYTES, 1))
    _write_large(folder / "points_3d.bin")
    for number, gene in enumerate(genes):
        (folder / "var" / f"{gene}.values.f32").write_bytes(_floats(4 * CELLS, number))
    (folder / "assets").mkdir()
    assets = [f"module{number:03d}.js" for number in range(ASSETS)]
    for number, asset in enumerate(assets):
        (folder / "assets" / asset).write_bytes(_module(number))
    return Dataset(
        root=root,
        small=f"/{MOUNT}/dataset_identity.json",
        medium=f"/{MOUNT}/points_2d.bin",
        large=f"/{MOUNT}/points_3d.bin",
        genes=[f"/{MOUNT}/var/{gene}.values.f32" for gene in genes],
        assets=[f"/{MOUNT}/assets/{asset}" for asset in assets],
    )


def _identity() -> str:
    """An identity document of exactly `SMALL_BYTES` bytes."""
    document = {
        "version": 2,
        "id": MOUNT,
        "name": "Benchmark data",
        "description": "",
        "created_at": "2025-01-01T00:00:00Z",
        "cellucid_data_version": "0.0.9",
        "stats": {"n_cells": CELLS, "n_genes": GENES, "n_obs_fields": 0},
        "embeddings": {"available_dimensions": [2], "default_dimension": 2, "files": {"2d": "points_2d.bin"}},
        "obs_fields": [],
    }
    missing = SMALL_BYTES - len(json.dumps(document, indent=2))
    document["description"] = ("Values made by formula. " * SMALL_BYTES)[:missing]
    return json.dumps(document, indent=2)


def _floats(size: int, seed: int) -> bytes:
    """Little-endian float32 values between 0 and 6, like log-normalised expression."""
    count = size // 4
    return struct.pack(f"<{count}f", *(3 + 3 * math.sin(seed + 0.37 * index) for index in range(count)))


def _module(number: int) -> bytes:
    """The text of a module: 1 to 30 kB, small ones more often, or 100 to 500 kB."""
    part = number * 0.618 % 1
    size = 1_000 + int(29_000 * part**2)
    if number % LARGE_ASSET_EVERY == 0:
        size = 100_000 + int(400_000 * part)
    line = f"export const value{number:03d} = (argument) => argument + {number};\n".encode()
    return (line * (size // len(line) + 1))[:size]


def _write_large(path: Path) -> None:
    values = _floats(MEDIUM_BYTES, 2)
    with path.open("wb") as file:
        for block in range(LARGE_BYTES // MEDIUM_BYTES):
            # A counter in front makes blocks differ, so that a range from the wrong place is noticed.
            file.write((struct.pack("<Q", block) * 512 + values)[:MEDIUM_BYTES])
