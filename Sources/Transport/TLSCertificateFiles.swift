/// Where one server certificate and its private key are found.
public struct TLSCertificateFiles: Sendable, Equatable {
    /// A PEM file with the server's certificate first, then the certificates that lead to a known root.
    public var certificatePath: String

    /// A PEM file with the private key; `nil` when the key is in the certificate file.
    public var privateKeyPath: String?

    public init(certificatePath: String, privateKeyPath: String? = nil) {
        self.certificatePath = certificatePath
        self.privateKeyPath = privateKeyPath
    }
}
