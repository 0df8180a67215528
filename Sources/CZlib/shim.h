// zlib, with faces for what zlib spells as macros, which Swift does not import.
#ifndef GATEWAY_CZLIB_SHIM_H
#define GATEWAY_CZLIB_SHIM_H

#include <zlib.h>

// deflateInit2 with the window bits that ask for a gzip wrapper (zlib.h: "Add 16 to windowBits").
static inline int gateway_gzip_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

// inflateInit2 with the same window bits: only gzip files are taken.
static inline int gateway_gunzip_init(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}

#endif
