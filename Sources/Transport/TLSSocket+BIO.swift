import COpenSSL

extension TLSSocket {
    /// A new OpenSSL byte source and sink over this object, which must outlive it.
    func makeBIO() -> OpaquePointer {
        guard let bio = unsafe BIO_new(Self.method) else { fatalError("out of memory") }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    /// The socket under `connection`, an `SSL` whose BIO came from `makeBIO`.
    static func under(_ connection: OpaquePointer?) -> TLSSocket? {
        unsafe object(of: SSL_get_rbio(connection))
    }

    private static func object(of bio: OpaquePointer?) -> TLSSocket? {
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<TLSSocket>.fromOpaque(data).takeUnretainedValue()
    }

    /// The functions OpenSSL calls; made once and never changed or freed.
    nonisolated(unsafe) private static let method: OpaquePointer = {
        guard let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gateway socket")
        else {
            fatalError("out of memory")
        }
        unsafe BIO_meth_set_read_ex(method) { bio, buffer, length, moved in
            unsafe TLSSocket.read(bio, buffer, length, moved)
        }
        unsafe BIO_meth_set_write_ex(method) { bio, bytes, length, moved in
            let source = unsafe UnsafeRawBufferPointer(start: bytes, count: length)
            guard let socket = unsafe object(of: bio), unsafe socket.stage(source) else { return 0 }
            unsafe moved?.pointee = length
            return 1
        }
        // OpenSSL flushes after every flight; here bytes leave at the end of the session's call instead.
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return unsafe method
    }()

    private static func read(
        _ bio: OpaquePointer?,
        _ buffer: UnsafeMutablePointer<CChar>?,
        _ length: Int,
        _ moved: UnsafeMutablePointer<Int>?
    ) -> Int32 {
        unsafe copenssl_clear_retry_flags(bio)
        guard let socket = unsafe object(of: bio) else { return 0 }
        switch unsafe socket.receive(into: UnsafeMutableRawBufferPointer(start: buffer, count: length)) {
        case .bytes(let count):
            unsafe moved?.pointee = count
            return 1
        case .wouldBlock:
            unsafe copenssl_set_retry_read(bio)
            return 0
        case .end, .refused:
            return 0
        }
    }
}
