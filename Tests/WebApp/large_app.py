#!/usr/bin/env python3
"""Makes a synthetic web app of 370 assets, about 6.6 MB, for measuring cold page loads.

    large_app.py FOLDER [--inventory]

The page has the load pattern of a large application without a bundler: one module entry, an import graph of 315
modules in five levels, two classic scripts, 45 style sheets in three levels, three fonts and three images. Its root
element says `data-state="loaded"`, `data-modules` (how many ran) and `data-milliseconds` when all of it is there.
The content depends on nothing but this file and the fixture's font, and is the same everywhere and every time.
"""

import argparse
import pathlib
import random
import struct
import zlib

import inventory

BUILD_ID = "large-1"
MODULE_LEVELS = [1, 8, 40, 110, 156]
MODULE_BYTES = 5_890_000
STYLE_BYTES = 310_000
FONTS = ["text", "mono", "title"]
IMAGE_SIDES = {"tile": 200, "icon": 64}
WORDS = ("axis buffer camera canvas category centroid channel colour count cursor dataset density depth field filter "
         "frame gene grid handle index item label layer legend level limit marker matrix model offset overlay palette "
         "panel pixel point range record region render sample scale scene selection shader shape signal slot state "
         "stream texture theme track value vector vertex view weight window").split()


class Text:
    """Plausible source text. Only `random.Random.random` is used: its sequence is the same in every Python."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def number(self, below):
        return int(self.random() * below)

    def word(self):
        return WORDS[self.number(len(WORDS))]

    def name(self):
        return self.word() + self.word().capitalize()

    def function(self):
        name, first, second = f"{self.name()}{self.number(9999)}", self.name(), self.name()
        if first == second:
            second += "Next"
        lines = [f"/** Answers the {self.word()} of a {self.word()} for every {self.word()} of the {self.word()}. */",
                 f"export function {name}({first}, {second} = {self.number(512)}) {{"]
        for _ in range(2 + self.number(6)):
            lines.append(f"  if ({first} > {self.number(4096)}) {first} = Math.{['min', 'max'][self.number(2)]}"
                         f"({first} - {second}, {self.random():.6f}); // the {self.word()} {self.word()}s")
        lines += [f"  return {{ {self.word()}: {first}, {self.word()}{self.number(99)}: {second} }};", "}", ""]
        return "\n".join(lines) + "\n"

    def rule(self):
        return (f".{self.word()}-{self.word()}-{self.number(999)} {{\n"
                f"  margin: {self.number(32)}px {self.number(32)}px;\n"
                f"  color: rgb({self.number(256)} {self.number(256)} {self.number(256)});\n"
                f"  opacity: {self.random():.2f};\n}}\n\n")


def filled(head, make, size):
    parts, length = [head], len(head)
    while length < size:
        parts.append(make())
        length += len(parts[-1])
    return "".join(parts).encode("ascii")


def relative(source, target):
    """The specifier of a path below `assets/js/` as written in another one."""
    return "../" * source.count("/") + target if "/" in source else "./" + target


def module_names():
    names = [["main.js"]]
    for level, count in enumerate(MODULE_LEVELS[1:], start=1):
        names.append([f"{WORDS[index % 12]}/level-{level}/{WORDS[(index * 7 + level) % len(WORDS)]}-{index}.js"
                      for index in range(count)])
    return names


def modules():
    names = module_names()
    count = sum(MODULE_LEVELS)
    # A few are ten times as long as the middle one, as in real applications.
    weights = [(0.3 + Text(f"size {index}").random()) ** 4 for index in range(count)]
    unit = MODULE_BYTES / sum(weights)
    index = 0
    for level, paths in enumerate(names):
        deeper = [path for lower in names[level + 1:] for path in lower]
        for position, path in enumerate(paths):
            text = Text(f"module {path}")
            children = names[level + 1][position::len(paths)] if deeper else []
            others = [deeper[text.number(len(deeper))] for _ in range(text.number(5))] if deeper else []
            imports = list(dict.fromkeys(children + others))
            head = "".join(f"import '{relative(path, target)}';\n" for target in imports)
            head += "\nglobalThis.modulesRun = (globalThis.modulesRun ?? 0) + 1;\n\n"
            body = filled(head, text.function, unit * weights[index])
            if level == 0:
                body += ENTRY.encode("ascii")
            yield f"assets/js/{path}", body
            index += 1


ENTRY = """
async function report() {
  if (document.readyState !== 'complete') await new Promise((resolve) => addEventListener('load', resolve));
  const families = ['text', 'mono', 'title'];
  const faces = await Promise.all(families.map((family) => document.fonts.load(`16px ${family}`, 'A')));
  const root = document.documentElement;
  const complete = faces.flat().length === families.length && globalThis.classicRun === 2
    && [...document.images].every((image) => image.naturalWidth > 0)
    && getComputedStyle(document.body).getPropertyValue('--leaves').trim() === 'all';
  root.dataset.modules = String(globalThis.modulesRun);
  root.dataset.milliseconds = String(Math.round(performance.now()));
  root.dataset.state = complete ? 'loaded' : 'failed: incomplete';
}

report().catch((error) => { document.documentElement.dataset.state = `failed: ${error.message}`; });
"""


def styles():
    groups = [f"group-{number}" for number in range(6)]
    leaves = [(groups[number % 6], number) for number in range(38)]
    yield "assets/css/main.css", "".join(f'@import "{group}/_index.css";\n' for group in groups).encode("ascii")
    for group in groups:
        lines = [f'@import url("_leaf-{number}.css");\n' for owner, number in leaves if owner == group]
        yield f"assets/css/{group}/_index.css", "".join(lines).encode("ascii")
    for group, number in leaves:
        head = ""
        if number == 0:
            head = "".join(f'@font-face {{ font-family: {family}; '
                           f'src: url("../../fonts/{family}.woff2") format("woff2"); }}\n' for family in FONTS)
            head += 'body { font-family: text, sans-serif; background: url("../../img/tile.png"); }\n'
        if number == len(leaves) - 1:
            head = "body { --leaves: all; }\n"
        yield f"assets/css/{group}/_leaf-{number}.css", filled(head, Text(f"style {number}").rule, STYLE_BYTES / 38)


def noise(length, seed):
    draw = random.Random(seed).random
    return bytes(int(draw() * 256) for _ in range(length))


def png(side):
    """A square of noise. Stored, not deflated: compressors differ from one machine to the next."""
    rows = b"".join(b"\0" + noise(side * 3, f"row {side} {row}") for row in range(side))
    stored = b"".join(struct.pack("<BHH", start + 65535 >= len(rows), len(rows[start:start + 65535]),
                                  len(rows[start:start + 65535]) ^ 0xFFFF) + rows[start:start + 65535]
                      for start in range(0, len(rows), 65535))
    data = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(rows))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks)


def page():
    head = f"""<!doctype html>
<html lang="en" data-state="loading">
<head>
  <meta charset="utf-8">
  <title>Large synthetic app</title>
  <meta name="cellucid-web-build-id" content="{BUILD_ID}">
  <meta name="cellucid-exports-base-url" content="https://example.org/exports/">
  <link rel="icon" type="image/png" href="assets/img/icon.png">
  <link rel="manifest" href="site.webmanifest">
  <script src="assets/js/classic-theme.js"></script>
  <link rel="stylesheet" href="assets/css/main.css">
  <script defer src="assets/js/classic-library.js"></script>
  <script type="module" src="assets/js/main.js"></script>
</head>
<body>
  <img src="assets/img/logo.svg" alt="">
"""
    text = Text("page")

    def row():
        words = " ".join(text.word() for _ in range(24))
        return f'  <section class="{text.word()}"><h2>{text.name()}</h2><p>{words}</p></section>\n'

    return filled(head, row, 90_000) + b"</body>\n</html>\n"


def files():
    """All files, as pairs of a path and its bytes."""
    yield "index.html", page()
    yield "site.webmanifest", b'{ "name": "Large synthetic app", "start_url": "./", "display": "standalone" }\n'
    classic = "globalThis.classicRun = (globalThis.classicRun ?? 0) + 1;\n"
    plain = lambda text: text.function().replace("export function", "function")
    for name, size in (("theme", 2_000), ("library", 51_000)):
        text = Text(f"classic {name}")
        yield f"assets/js/classic-{name}.js", filled(classic, lambda: plain(text), size)
    yield from modules()
    yield from styles()
    font = (pathlib.Path(__file__).parent / "app/assets/fonts/fixture.woff2").read_bytes()
    for family in FONTS:
        yield f"assets/fonts/{family}.woff2", font
    for name, side in IMAGE_SIDES.items():
        yield f"assets/img/{name}.png", png(side)
    yield "assets/img/logo.svg", (b'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24">'
                                  b'<circle cx="12" cy="12" r="9"/></svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--inventory", action="store_true", help=f"write {inventory.INVENTORY_NAME} too")
    options = parser.parse_args()
    for path, data in files():
        file = options.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    if options.inventory:
        (options.folder / inventory.INVENTORY_NAME).write_bytes(inventory.make_inventory(options.folder))


if __name__ == "__main__":
    main()
