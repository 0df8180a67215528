import TestSupport

/// The content of files that are larger than what sockets and buffers hold.
enum LifecycleContent {
    /// 24 MiB, the same at every call, that do not repeat at any round distance.
    static let large: [UInt8] = {
        let piece = ExportFixture.noise(1_048_573)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24 << 20)
        while bytes.count < 24 << 20 { bytes += piece.prefix((24 << 20) - bytes.count) }
        return bytes
    }()
}
