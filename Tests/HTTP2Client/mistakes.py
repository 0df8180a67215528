"""Frames that no connection survives: CASE HOST PORT path=PATH."""
import struct

from frames import MAXIMUM_WINDOW, Connection, RawFrame, run

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED = 0x1, 0x4, 0x8


def word(number):
    return struct.pack(">I", number)


def setting(number, value):
    return struct.pack(">HI", number, value)


FRAMES = {
    "data_on_stream_0": [RawFrame(DATA, 0, b"x")],
    "headers_on_stream_0": [RawFrame(HEADERS, 0, b"\x82", END_HEADERS | END_STREAM)],
    "headers_on_even_stream": [RawFrame(HEADERS, 2, b"\x82\x84\x86", END_HEADERS | END_STREAM)],
    "headers_too_short_for_padding": [RawFrame(HEADERS, 1, b"\x09\x82", END_HEADERS | PADDED)],
    "data_on_idle_stream": [RawFrame(DATA, 1, b"x")],
    "reset_of_idle_stream": [RawFrame(RST_STREAM, 1, word(8))],
    "reset_on_stream_0": [RawFrame(RST_STREAM, 0, word(8))],
    "short_reset": [RawFrame(RST_STREAM, 1, b"\0\0\0")],
    "push_promise": [RawFrame(PUSH_PROMISE, 1, word(2) + b"\x82", END_HEADERS)],
    "lone_continuation": [RawFrame(CONTINUATION, 1, b"\x82", END_HEADERS)],
    "ping_in_header_block": [RawFrame(HEADERS, 1, b"\x82", END_STREAM), RawFrame(PING, 0, bytes(8))],
    "other_stream_in_header_block": [
        RawFrame(HEADERS, 1, b"\x82", END_STREAM), RawFrame(CONTINUATION, 3, b"\x84", END_HEADERS),
    ],
    "bad_index": [RawFrame(HEADERS, 1, b"\xff\xff\xff\x0f", END_HEADERS | END_STREAM)],
    "index_zero": [RawFrame(HEADERS, 1, b"\x80", END_HEADERS | END_STREAM)],
    "cut_literal": [RawFrame(HEADERS, 1, b"\x00\x05ab", END_HEADERS | END_STREAM)],
    "bad_huffman": [RawFrame(HEADERS, 1, b"\x00\x81\xff\x84\xff\xff\xff\xff", END_HEADERS | END_STREAM)],
    "large_table_size": [RawFrame(HEADERS, 1, b"\x3f\xe2\x1f\x82", END_HEADERS | END_STREAM)],
    "settings_on_stream_1": [RawFrame(SETTINGS, 1)],
    "settings_of_5_bytes": [RawFrame(SETTINGS, 0, bytes(5))],
    "settings_acknowledgement_with_content": [RawFrame(SETTINGS, 0, setting(3, 1), flags=1)],
    "settings_push_2": [RawFrame(SETTINGS, 0, setting(2, 2))],
    "settings_window_too_large": [RawFrame(SETTINGS, 0, setting(4, 2**31))],
    "settings_frame_size_too_small": [RawFrame(SETTINGS, 0, setting(5, 16383))],
    "settings_frame_size_too_large": [RawFrame(SETTINGS, 0, setting(5, 2**24))],
    "ping_of_7_bytes": [RawFrame(PING, 0, bytes(7))],
    "ping_on_stream_1": [RawFrame(PING, 1, bytes(8))],
    "goaway_on_stream_1": [RawFrame(GOAWAY, 1, bytes(8))],
    "short_goaway": [RawFrame(GOAWAY, 0, bytes(7))],
    "window_update_of_0": [RawFrame(WINDOW_UPDATE, 0, word(0))],
    "window_update_of_3_bytes": [RawFrame(WINDOW_UPDATE, 0, bytes(3))],
    "window_update_of_idle_stream": [RawFrame(WINDOW_UPDATE, 1, word(1))],
    "window_overflow": [RawFrame(WINDOW_UPDATE, 0, word(MAXIMUM_WINDOW))],
    "frame_too_large": [RawFrame(DATA, 1, b"x" * 16385)],
    "header_of_huge_frame": [RawFrame(HEADERS, 1, b"", END_HEADERS, length=2**24 - 1)],
}


def frames(host, port, path, name):
    """Sends the frames with this name right after SETTINGS."""
    connection = Connection(host, port)
    connection.send(*FRAMES[name])
    connection.wait_for_end()
    return connection.report()


run([frames])
