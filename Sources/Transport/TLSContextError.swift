/// Why a certificate cannot be served; each case describes itself in one line that names the file.
public enum TLSContextError: Error, Equatable, CustomStringConvertible {
    /// The file is missing, forbidden, a directory, or too large to be a certificate.
    case unreadable(path: String, reason: String)

    /// The file holds no certificate in PEM form.
    case noCertificate(path: String)

    /// No private key is in the certificate file, and no other file was named.
    case noPrivateKeyBesideCertificate(path: String)

    /// No private key is in the file that was named for it.
    case noPrivateKey(path: String)

    /// The private key needs a password, which a daemon cannot ask for.
    case encryptedPrivateKey(path: String)

    /// A PEM block begins as expected and cannot be decoded; `what` is "certificate" or "private key".
    case malformed(path: String, what: String, reason: String)

    /// The private key belongs to another certificate.
    case keyMismatch(certificatePath: String, privateKeyPath: String)

    /// OpenSSL does not accept the certificate, for example because its key is too short.
    case rejected(path: String, reason: String)

    /// OpenSSL could not be set up.
    case library(reason: String)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .noCertificate(let path):
            "\(path): no certificate in PEM form found"
        case .noPrivateKeyBesideCertificate(let path):
            "\(path): no private key beside the certificate; give it with --tls-key"
        case .noPrivateKey(let path):
            "\(path): no private key in PEM form found"
        case .encryptedPrivateKey(let path):
            "\(path): the private key is protected by a password; store it without one (openssl pkey -in … -out …)"
        case .malformed(let path, let what, let reason):
            "\(path): the \(what) is damaged (\(reason))"
        case .keyMismatch(let certificatePath, let privateKeyPath) where certificatePath == privateKeyPath:
            "\(certificatePath): the private key does not belong to the first certificate"
        case .keyMismatch(let certificatePath, let privateKeyPath):
            "\(privateKeyPath): the private key does not belong to the certificate in \(certificatePath)"
        case .rejected(let path, let reason):
            "\(path): OpenSSL does not accept the certificate (\(reason))"
        case .library(let reason):
            "OpenSSL cannot be set up (\(reason))"
        }
    }
}
