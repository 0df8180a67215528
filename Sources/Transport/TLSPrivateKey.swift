import COpenSSL

/// A private key; owns one reference of the OpenSSL object.
@safe final class TLSPrivateKey {
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }

    /// Whether this is the key whose public half `certificate` certifies.
    func belongs(to certificate: TLSCertificate) -> Bool {
        unsafe X509_check_private_key(certificate.pointer, pointer) == 1
    }
}
