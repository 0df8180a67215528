import Bytes
import COpenSSL

/// SHA-256 (FIPS 180-4), by OpenSSL, of bytes that come in pieces.
@safe public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// Begins with no bytes.
    public init() {
        guard let context = unsafe EVP_MD_CTX_new(),
            unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else { preconditionFailure("OpenSSL has no memory for SHA-256") }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Takes the next bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        let code = unsafe bytes.withUnsafeBytes { buffer in
            unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
        }
        precondition(code == 1, "OpenSSL cannot hash")
    }

    /// The digest of all bytes that were taken, as 64 lower-case hexadecimal digits.
    public consuming func hexDigest() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        let code = unsafe EVP_DigestFinal_ex(context, &digest, nil)
        precondition(code == 1, "OpenSSL cannot finish a hash")
        let digits = digest.flatMap { [ASCII.hexadecimalDigit($0 >> 4), ASCII.hexadecimalDigit($0 & 15)] }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The digest of `bytes`, as 64 lower-case hexadecimal digits.
    public static func hexDigest(of bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(bytes.span)
        return hash.hexDigest()
    }
}
