import Glibc

/// A directory under the system's temporary one that goes with everything in it when the object goes.
public final class TemporaryDirectory: Sendable {
    /// The absolute path, without a slash at its end.
    public let path: String

    /// Makes the directory.
    public init() {
        var template = Array("/tmp/gateway-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("mkdtemp failed") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { Self.remove(path) }

    /// The path of `name` in the directory.
    public func callAsFunction(_ name: String) -> String { path + "/" + name }

    /// Writes a file in the directory, with the directories above it.
    public func write(_ name: String, _ bytes: [UInt8]) {
        let full = self(name)
        var slash = path.utf8.count + 1
        let utf8 = Array(full.utf8)
        while let next = utf8[slash...].firstIndex(of: UInt8(ascii: "/")) {
            mkdir(String(decoding: utf8[..<next], as: UTF8.self), 0o755)
            slash = next + 1
        }
        guard let file = fopen(full, "w") else { fatalError("cannot write \(full)") }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    /// Writes a text file in the directory.
    public func write(_ name: String, _ text: String) { write(name, Array(text.utf8)) }

    private static func remove(_ path: String) {
        if let stream = opendir(path) {
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                let child = path + "/" + name
                if entry.pointee.d_type == UInt8(DT_DIR) {
                    remove(child)
                } else {
                    unlink(child)
                }
            }
            closedir(stream)
        }
        rmdir(path)
    }
}
