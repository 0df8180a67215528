import Bytes
import COpenSSL
import Glibc

/// The contents of a PEM file (RFC 7468), wiped from memory at the end because they may hold a private key.
@safe final class TLSPEMFile {
    let path: String
    private let storage: UnsafeMutableRawBufferPointer
    private var count = 0

    /// Far above a certificate with a long chain, and small enough to read at once.
    private static let maximumBytes = 1 << 20

    init(path: String) throws(TLSContextError) {
        self.path = path
        unsafe storage = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.maximumBytes, alignment: 16)
        try fill()
    }

    deinit {
        unsafe OPENSSL_cleanse(storage.baseAddress, count)
        unsafe storage.deallocate()
    }

    /// All certificates of the file in their order; at least one.
    func certificates() throws(TLSContextError) -> [TLSCertificate] {
        guard contains("-----BEGIN CERTIFICATE-----") || contains("-----BEGIN TRUSTED CERTIFICATE-----")
        else {
            throw .noCertificate(path: path)
        }
        let source = try unsafe reader()
        defer { unsafe BIO_free(source) }
        var found: [TLSCertificate] = []
        TLSErrorQueue.clear()
        while let certificate = unsafe PEM_read_bio_X509_AUX(source, nil, nil, nil) {
            found.append(unsafe TLSCertificate(adopting: certificate))
        }
        let end = ERR_peek_last_error()
        let isAtEnd = Self.reason(of: end) == PEM_R_NO_START_LINE
        guard isAtEnd, !found.isEmpty else {
            throw .malformed(path: path, what: "certificate", reason: TLSErrorQueue.takeReason())
        }
        TLSErrorQueue.clear()
        return found
    }

    /// The first private key of the file; `nil` when it has none.
    func privateKey() throws(TLSContextError) -> TLSPrivateKey? {
        guard contains("PRIVATE KEY-----") else { return nil }
        let source = try unsafe reader()
        defer { unsafe BIO_free(source) }
        TLSErrorQueue.clear()
        var needsPassword = false
        let key = unsafe withUnsafeMutablePointer(to: &needsPassword) { flag in
            unsafe PEM_read_bio_PrivateKey(
                source,
                nil,
                { _, _, _, flag in
                    unsafe flag?.assumingMemoryBound(to: Bool.self).pointee = true
                    return -1
                },
                flag
            )
        }
        if needsPassword {
            TLSErrorQueue.clear()
            throw .encryptedPrivateKey(path: path)
        }
        guard let key = unsafe key else {
            throw .malformed(path: path, what: "private key", reason: TLSErrorQueue.takeReason())
        }
        TLSErrorQueue.clear()
        return unsafe TLSPrivateKey(adopting: key)
    }

    private func fill() throws(TLSContextError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(errno) }
        defer { close(descriptor) }
        while true {
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: storage[count...])
            guard unsafe !room.isEmpty else {
                throw .unreadable(path: path, reason: "more than \(Self.maximumBytes) bytes")
            }
            let moved = unsafe Glibc.read(descriptor, room.baseAddress, room.count)
            if moved == 0 { return }
            if moved > 0 {
                count += moved
            } else if errno != EINTR {
                throw unreadable(errno)
            }
        }
    }

    private func unreadable(_ number: Int32) -> TLSContextError {
        .unreadable(path: path, reason: TLSErrorQueue.systemReason(number))
    }

    private func contains(_ text: StaticString) -> Bool {
        guard let base = unsafe storage.baseAddress else { return false }
        return unsafe Span(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: count).contains(
            text
        )
    }

    /// An OpenSSL view of the bytes, to be freed by the caller before this object ends.
    private func reader() throws(TLSContextError) -> OpaquePointer {
        guard let source = unsafe BIO_new_mem_buf(storage.baseAddress, Int32(count)) else {
            throw .library(reason: TLSErrorQueue.takeReason())
        }
        return unsafe source
    }

    private static func reason(of code: UInt) -> Int32 {
        Int32(truncatingIfNeeded: code & 0x7f_ffff)
    }
}
