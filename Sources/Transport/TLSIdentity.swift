import COpenSSL

/// A certificate, the chain that vouches for it and its private key, checked to belong together.
struct TLSIdentity {
    let path: String
    let certificate: TLSCertificate
    let chain: [TLSCertificate]
    let privateKey: TLSPrivateKey

    /// Names the certificate is for, lower case.
    let names: [String]

    /// The first and the last second of its life, in Unix seconds.
    let validity: ClosedRange<Int64>

    init(_ files: TLSCertificateFiles) throws(TLSContextError) {
        path = files.certificatePath
        let file = try TLSPEMFile(path: path)
        var certificates = try file.certificates()
        let first = certificates.removeFirst()
        certificate = first
        chain = certificates
        names = first.names
        guard let start = first.notBefore, let end = first.notAfter, start <= end else {
            throw .malformed(path: path, what: "certificate", reason: "its dates cannot be read")
        }
        validity = start...end
        privateKey = try Self.privateKey(files, certificateFile: file)
        guard privateKey.belongs(to: first) else {
            TLSErrorQueue.clear()
            throw .keyMismatch(certificatePath: path, privateKeyPath: files.privateKeyPath ?? path)
        }
    }

    /// What an operator should know about the dates of the certificate at `now`, in Unix seconds.
    func warning(now: Int64) -> String? {
        let (begin, end) = (validity.lowerBound, validity.upperBound)
        if now < begin { return "\(path): the certificate is not valid before \(Self.date(begin))" }
        if now > end { return "\(path): the certificate expired on \(Self.date(end))" }
        let days = (end - now) / Self.secondsPerDay
        guard days < Self.warningDays else { return nil }
        return
            "\(path): the certificate expires on \(Self.date(end)), \(days == 1 ? "1 day" : "\(days) days") from now"
    }

    /// Automatic renewal is usually due 30 days before the end; by two weeks it has visibly failed.
    private static let warningDays: Int64 = 14
    private static let secondsPerDay: Int64 = 86_400

    private static func privateKey(
        _ files: TLSCertificateFiles,
        certificateFile: TLSPEMFile
    ) throws(TLSContextError) -> TLSPrivateKey {
        if let path = files.privateKeyPath {
            guard let key = try TLSPEMFile(path: path).privateKey() else { throw .noPrivateKey(path: path) }
            return key
        }
        guard let key = try certificateFile.privateKey() else {
            throw .noPrivateKeyBesideCertificate(path: files.certificatePath)
        }
        return key
    }

    /// The day of `seconds` in UTC as YYYY-MM-DD.
    private static func date(_ seconds: Int64) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
            guard let base = text.baseAddress, unsafe copenssl_write_date(seconds, base, text.count) == 1
            else {
                return "an unreadable date"
            }
            return unsafe String(cString: base)
        }
    }
}
