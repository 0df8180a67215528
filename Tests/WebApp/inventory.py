#!/usr/bin/env python3
"""Makes the inventory of a web build, `cellucid-web-assets.json`, in the form that later builds publish it.

    inventory.py FOLDER [--build-id ID]     writes FOLDER/cellucid-web-assets.json

The form: one object with exactly the keys `version` (the integer 1), `build_id` (1 to 200 characters, the same as in
the page's `cellucid-web-build-id`) and `assets`, a non-empty array of objects with exactly the keys `path`, `sha256`
(64 lower-case hexadecimal digits), `bytes` and `content_type`. The paths are relative, sorted by code point, unique,
contain `index.html` and not the inventory itself.
"""

import argparse
import hashlib
import html.parser
import json
import pathlib

INVENTORY_NAME = "cellucid-web-assets.json"

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".glb": "model/gltf-binary",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "application/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".woff2": "font/woff2",
    ".xml": "application/xml; charset=utf-8",
}


def content_type(path):
    return CONTENT_TYPES.get(pathlib.PurePosixPath(path).suffix.lower(), "application/octet-stream")


class _BuildIdParser(html.parser.HTMLParser):
    build_id = None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "meta" and values.get("name") == "cellucid-web-build-id" and self.build_id is None:
            self.build_id = values.get("content")


def page_build_id(folder):
    parser = _BuildIdParser()
    parser.feed((folder / "index.html").read_text("utf-8"))
    return parser.build_id


def make_inventory(folder, build_id=None):
    """The inventory's bytes. Compressed copies beside a file (`.br`, `.gz`) are no assets of their own."""
    folder = pathlib.Path(folder)
    paths = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} - {INVENTORY_NAME}
    paths = sorted(path for path in paths if not (path.endswith((".br", ".gz")) and path[:-3] in paths))
    assets = []
    for path in paths:
        data = (folder / path).read_bytes()
        assets.append({
            "path": path,
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
            "content_type": content_type(path),
        })
    document = {"version": 1, "build_id": build_id or page_build_id(folder), "assets": assets}
    return (json.dumps(document, indent=2) + "\n").encode("utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--build-id", help="instead of the page's own")
    options = parser.parse_args()
    (options.folder / INVENTORY_NAME).write_bytes(make_inventory(options.folder, options.build_id))


if __name__ == "__main__":
    main()
