import CZlib
import Glibc

/// The gzip format (RFC 1952), by zlib.
public enum Gzip {
    /// Why compressing failed.
    public enum Failure: Error, Equatable {
        /// zlib had no memory.
        case outOfMemory
        /// The bytes are no gzip file, or a damaged one.
        case damaged
        /// There are more plain bytes than allowed.
        case tooLarge
        /// The file could not be read or written; the text names the call and the reason.
        case system(String)
    }

    private static let pieceBytes = 128 * 1024

    /// Compresses bytes in memory.
    /// - Parameters:
    ///   - bytes: what to compress.
    ///   - level: 1 (fast) to 9 (small).
    /// - Returns: one gzip member.
    /// - Throws: `Failure.outOfMemory`.
    public static func compress(_ bytes: [UInt8], level: Int32) throws(Failure) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe gateway_gzip_init(&stream, level) == Z_OK else { throw .outOfMemory }
        defer { unsafe deflateEnd(&stream) }
        var result = [UInt8](repeating: 0, count: Int(unsafe deflateBound(&stream, UInt(bytes.count))))
        let written = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe result.withUnsafeMutableBufferPointer { output in
                // zlib's field is not const, but deflate only reads it.
                unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                guard unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END else { return -1 }
                return unsafe output.count - Int(stream.avail_out)
            }
        }
        guard written >= 0 else { throw .outOfMemory }
        result.removeLast(result.count - written)
        return result
    }

    /// Restores the plain bytes of a gzip file, of one member or several (RFC 1952 section 2.2).
    /// - Parameters:
    ///   - bytes: a whole gzip file.
    ///   - limit: the most plain bytes.
    /// - Returns: the plain bytes, whose checksums are right.
    /// - Throws: `Failure.damaged`, `.tooLarge` or `.outOfMemory`.
    public static func decompress(_ bytes: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe gateway_gunzip_init(&stream) == Z_OK else { throw .outOfMemory }
        defer { unsafe inflateEnd(&stream) }
        var plain: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        var consumed = 0
        while true {
            let (result, used, produced) = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe piece.withUnsafeMutableBufferPointer { output in
                    let offered = min(input.count - consumed, Int(UInt32.max))
                    // zlib's field is not const, but inflate only reads it.
                    unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress).map {
                        unsafe $0 + consumed
                    }
                    unsafe stream.avail_in = UInt32(offered)
                    unsafe stream.next_out = output.baseAddress
                    unsafe stream.avail_out = UInt32(output.count)
                    let result = unsafe inflate(&stream, Z_NO_FLUSH)
                    return unsafe (
                        result, offered - Int(stream.avail_in), output.count - Int(stream.avail_out)
                    )
                }
            }
            consumed += used
            guard plain.count + produced <= limit else { throw .tooLarge }
            plain += piece[..<produced]
            switch result {
            case Z_OK: continue
            case Z_STREAM_END:
                if consumed == bytes.count { return plain }
                guard unsafe inflateReset(&stream) == Z_OK else { throw .damaged }
            case Z_MEM_ERROR: throw .outOfMemory
            default: throw .damaged
            }
        }
    }

    /// Compresses one open file into another, piece by piece.
    /// - Parameters:
    ///   - input: read from its first byte by position; its offset does not matter.
    ///   - size: how many bytes to read.
    ///   - output: written from its current offset.
    ///   - level: 1 (fast) to 9 (small).
    /// - Returns: bytes written.
    /// - Throws: `Failure` when a file cannot be read or written, or `input` has fewer bytes than `size`.
    public static func compress(
        file input: Int32,
        size: UInt64,
        into output: Int32,
        level: Int32
    ) throws(Failure) -> UInt64 {
        var stream = unsafe z_stream()
        guard unsafe gateway_gzip_init(&stream, level) == Z_OK else { throw .outOfMemory }
        defer { unsafe deflateEnd(&stream) }
        var plain = [UInt8](repeating: 0, count: pieceBytes)
        var packed = [UInt8](repeating: 0, count: pieceBytes)
        var offset: UInt64 = 0
        var total: UInt64 = 0
        var isDone = false
        while !isDone {
            let wanted = Int(min(UInt64(pieceBytes), size - offset))
            let count = unsafe pread(input, &plain, wanted, off_t(offset))
            guard count >= 0 else { throw .system("pread: \(unsafe String(cString: strerror(errno)))") }
            guard count > 0 || wanted == 0 else { throw .system("pread: the file was cut short") }
            offset += UInt64(count)
            let flush = offset == size ? Z_FINISH : Z_NO_FLUSH
            var consumed = 0
            repeat {
                let produced = unsafe plain.withUnsafeMutableBufferPointer { from in
                    unsafe packed.withUnsafeMutableBufferPointer { to in
                        unsafe stream.next_in = from.baseAddress.map { unsafe $0 + consumed }
                        unsafe stream.avail_in = UInt32(count - consumed)
                        unsafe stream.next_out = to.baseAddress
                        unsafe stream.avail_out = UInt32(to.count)
                        let code = unsafe deflate(&stream, flush)
                        isDone = code == Z_STREAM_END
                        consumed = unsafe count - Int(stream.avail_in)
                        return code == Z_STREAM_ERROR ? -1 : unsafe to.count - Int(stream.avail_out)
                    }
                }
                guard produced >= 0 else { throw .outOfMemory }
                try writeAll(packed, produced, to: output)
                total += UInt64(produced)
                if produced < packed.count { break }
            } while true
        }
        return total
    }

    private static func writeAll(_ bytes: [UInt8], _ count: Int, to output: Int32) throws(Failure) {
        var written = 0
        while written < count {
            let moved = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(output, buffer.baseAddress.map { unsafe $0 + written }, count - written)
            }
            if moved < 0 && errno == EINTR { continue }
            guard moved > 0 else { throw .system("write: \(unsafe String(cString: strerror(errno)))") }
            written += moved
        }
    }
}
