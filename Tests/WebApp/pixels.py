#!/usr/bin/env python3
"""Counts the colours of a screenshot: a PNG with 8 bits a channel, not interlaced. Prints JSON.

    pixels.py PNG

`width`, `height`, `colours`: how many different ones there are, `background`: the share of the most common one.
"""

import collections
import json
import struct
import sys
import zlib


def chunks(data):
    offset = 8
    while offset < len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        yield kind, data[offset + 8:offset + 8 + length]
        offset += 12 + length


def unfiltered(packed, height, row_bytes, pixel_bytes):
    """The rows without their filters (PNG specification, 9.2)."""
    before = bytearray(row_bytes)
    for number in range(height):
        start = number * (row_bytes + 1)
        kind, row = packed[start], bytearray(packed[start + 1:start + 1 + row_bytes])
        for index in range(row_bytes):
            left = row[index - pixel_bytes] if index >= pixel_bytes else 0
            above = before[index]
            corner = before[index - pixel_bytes] if index >= pixel_bytes else 0
            if kind == 1:
                row[index] = row[index] + left & 255
            elif kind == 2:
                row[index] = row[index] + above & 255
            elif kind == 3:
                row[index] = row[index] + (left + above) // 2 & 255
            elif kind == 4:
                estimate = left + above - corner
                distances = [abs(estimate - each) for each in (left, above, corner)]
                row[index] = row[index] + (left, above, corner)[distances.index(min(distances))] & 255
        yield row
        before = row


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    parts = list(chunks(data))
    width, height, depth, colour_type, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    if depth != 8 or colour_type not in (2, 6) or interlaced:
        sys.exit("only PNG files with 8 bits a channel, in colour and not interlaced, are understood")
    pixel_bytes = 3 if colour_type == 2 else 4
    packed = zlib.decompress(b"".join(content for kind, content in parts if kind == b"IDAT"))
    colours = collections.Counter()
    for row in unfiltered(packed, height, width * pixel_bytes, pixel_bytes):
        colours.update(bytes(row[index:index + 3]) for index in range(0, len(row), pixel_bytes))
    common = colours.most_common(1)[0][1]
    print(json.dumps({
        "width": width, "height": height, "colours": len(colours), "background": common / (width * height),
    }))


main()
