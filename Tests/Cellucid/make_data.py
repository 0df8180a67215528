#!/usr/bin/env python3
"""Makes data for the Cellucid server that is installed with this Python.

    make_data.py FOLDER

0.0.9 gets no dataset: tests write its export folders themselves. 0.9.1 to 0.9.4 get an export folder FOLDER/cells, written
by the package's own `prepare`, 0.9.5 an AnnData file FOLDER/cells.h5ad. Each gets a session bundle of its format,
FOLDER/saved.cellucid-session, of about 300 kB.
"""

import contextlib
import hashlib
import io
import json
import pathlib
import struct
import sys

import cellucid

CELLS = 600
GENES = ["CD3D", "MS4A1", "NKG7"]


def write_export(folder):
    import numpy
    import pandas

    number = numpy.arange(CELLS)
    embedding = numpy.stack([number % 29, number % 31], axis=1).astype("float32")
    with contextlib.redirect_stdout(io.StringIO()):
        cellucid.prepare(
            out_dir=folder,
            obs=pandas.DataFrame(
                {
                    "cluster": pandas.Categorical([f"cluster {value % 3}" for value in number]),
                    "depth": (number * 7 % 1009).astype("float32"),
                },
                index=[f"cell{value}" for value in number],
            ),
            var=pandas.DataFrame(index=GENES),
            gene_expression=numpy.stack([number % step for step in (3, 5, 7)], axis=1).astype("float32"),
            latent_space=embedding,
            embeddings={"umap_2d": embedding},
            obs_categorical_dtype="uint8",
            dataset_id="cells",
            dataset_name="Cells of 0.9.3",
            created_at="2025-01-01T00:00:00Z",
        )


def write_anndata(file):
    import h5py
    import numpy

    def frame(parent, name, index):
        group = parent.create_group(name)
        group.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"})
        group.attrs["column-order"] = numpy.array([], dtype="S1")
        column = group.create_dataset("_index", data=index, dtype=h5py.string_dtype())
        column.attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})

    def array(parent, name, values):
        data = parent.create_dataset(name, data=values)
        data.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})

    number = numpy.arange(CELLS)
    with h5py.File(file, "w") as store:
        store.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        frame(store, "obs", [f"cell{value}" for value in number])
        frame(store, "var", GENES)
        array(store, "X", numpy.stack([number % step for step in (3, 5, 7)], axis=1).astype("float32"))
        positions = store.create_group("obsm")
        positions.attrs.update({"encoding-type": "dict", "encoding-version": "0.1.0"})
        array(positions, "X_umap", numpy.stack([number % 29, number % 31], axis=1).astype("float32"))


def write_bundle(file, version):
    payload = json.dumps({"notes": [hashlib.sha256(b"%d" % number).hexdigest() for number in range(4_500)]}).encode()
    embedding = {"key": "X_umap", "columns": [0, 1]}
    mapping = {
        "embeddings": {"enabled": [embedding], "defaults": {"1d": None, "2d": embedding, "3d": None}},
        "geneNames": "index",
        "vectorFields": [],
    }
    fingerprint = {"datasetId": "cells", "cellCount": CELLS, "varCount": len(GENES)}
    manifest = {
        "createdAt": "2025-01-01T00:00:00.000Z",
        "datasetFingerprint": fingerprint,
        "chunks": [
            {
                "id": "tests/notes",
                "contributorId": "tests",
                "priority": "eager",
                "kind": "json",
                "codec": "none",
                "label": "notes",
                "datasetDependent": False,
                "storedBytes": len(payload),
                "uncompressedBytes": len(payload),
            }
        ],
    }
    if version == 1:
        magic = b"CELLUCID_SESSION\n"
        fingerprint["sourceType"] = "remote"
        mapping["kind"] = "export"
        embedding["columns"] = None
    else:
        magic = b"CELLUCID_SESSION/2\n"
        manifest |= {"source": None, "requires": {"obs": [], "var": []}}
        fingerprint["name"] = "Cells"
        mapping |= {"kind": "anndata", "knn": None, "expression": "X", "log1p": {}, "highlyVariable": None, "latent": None}
    fingerprint["cellOrder"] = {"embedding": embedding, "dimension": 2, "digest": "0123456789abcdef"}
    fingerprint["dataMapping"] = mapping
    head = json.dumps(manifest).encode()
    file.write_bytes(magic + struct.pack("<I", len(head)) + head + struct.pack("<I", len(payload)) + payload)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True)
    version = cellucid.__version__
    write_bundle(folder / "saved.cellucid-session", 2 if version.startswith("0.9.5") else 1)
    if version.startswith("0.9.5"):
        write_anndata(folder / "cells.h5ad")
    elif version.startswith("0.9."):
        write_export(folder / "cells")


if __name__ == "__main__":
    main()
