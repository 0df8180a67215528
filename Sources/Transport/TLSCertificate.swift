import COpenSSL
import Glibc

/// An X.509 certificate; owns one reference of the OpenSSL object.
@safe final class TLSCertificate {
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe X509_free(pointer)
    }

    /// When the certificate begins to be valid, in Unix seconds; `nil` when the field cannot be read.
    var notBefore: Int64? { unsafe Self.unixSeconds(X509_get0_notBefore(pointer)) }

    /// When the certificate ceases to be valid, in Unix seconds; `nil` when the field cannot be read.
    var notAfter: Int64? { unsafe Self.unixSeconds(X509_get0_notAfter(pointer)) }

    /// The DNS names and addresses the certificate is for, in lower case; without any, the common name of its
    /// subject (RFC 6125 section 6.4.4).
    var names: [String] {
        let alternatives = alternativeNames
        return alternatives.isEmpty ? commonName.map { [$0] } ?? [] : alternatives
    }

    private var alternativeNames: [String] {
        guard let list = unsafe copenssl_subject_alternative_names(pointer) else { return [] }
        defer { unsafe GENERAL_NAMES_free(list) }
        var names: [String] = []
        let count = unsafe copenssl_names_count(list)
        for index in 0..<count {
            var length: Int32 = 0
            if let bytes = unsafe copenssl_name_bytes(list, index, GEN_DNS, &length) {
                let text = unsafe UnsafeBufferPointer(start: bytes, count: Int(length))
                if let name = unsafe Self.hostName(text) { names.append(name) }
            } else if let bytes = unsafe copenssl_name_bytes(list, index, GEN_IPADD, &length) {
                if let address = unsafe Self.address(bytes, length: length) { names.append(address) }
            }
        }
        return names
    }

    private var commonName: String? {
        guard let subject = unsafe X509_get_subject_name(pointer) else { return nil }
        let index = unsafe X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard index >= 0,
            let value = unsafe X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)),
            let bytes = unsafe ASN1_STRING_get0_data(value)
        else { return nil }
        let text = unsafe UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(value)))
        return unsafe Self.hostName(text)
    }

    /// Lower-case text of a name; `nil` when it holds a byte no host name has, such as the NUL by which a
    /// certificate could show two readers two names.
    private static func hostName(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard bytes.count > 0, unsafe bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self).lowercased()
    }

    private static func address(_ bytes: UnsafePointer<UInt8>, length: Int32) -> String? {
        guard length == 4 || length == 16 else { return nil }
        let family = length == 4 ? AF_INET : AF_INET6
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            guard let base = text.baseAddress,
                let end = unsafe inet_ntop(family, bytes, base, socklen_t(text.count))
            else { return nil }
            return unsafe String(cString: end)
        }
    }

    private static func unixSeconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var seconds: Int64 = 0
        return unsafe copenssl_unix_seconds(time, &seconds) == 1 ? seconds : nil
    }
}
