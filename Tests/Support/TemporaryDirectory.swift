import Glibc

/// A directory under the system's temporary one that goes with everything in it when the object goes.
///
/// All directories of a test process lie in one, which the process removes when it exits: objects that live until
/// then leave nothing either.
public final class TemporaryDirectory: Sendable {
    /// The absolute path, without a slash at its end.
    public let path: String

    /// Makes the directory.
    public init() { path = Self.make(in: Self.parent, "") }

    deinit { Self.remove(path) }

    /// The path of `name` in the directory.
    public func callAsFunction(_ name: String) -> String { path + "/" + name }

    // MARK: Changes

    /// Writes a file in the directory, with the directories above it.
    public func write(_ name: String, _ bytes: [UInt8]) {
        let full = self(name)
        var slash = path.utf8.count + 1
        let utf8 = Array(full.utf8)
        while let next = utf8[slash...].firstIndex(of: UInt8(ascii: "/")) {
            mkdir(String(decoding: utf8[..<next], as: UTF8.self), 0o755)
            slash = next + 1
        }
        guard let file = fopen(full, "we") else { fatalError("cannot write \(full): errno \(errno)") }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    /// Writes a text file in the directory.
    public func write(_ name: String, _ text: String) { write(name, Array(text.utf8)) }

    /// Makes a directory in the directory.
    public func makeFolder(_ name: String) { mkdir(self(name), 0o755) }

    /// Makes a symbolic link in the directory.
    public func link(_ name: String, to target: String) { symlink(target, self(name)) }

    /// Gives a file or directory in the directory another name.
    public func rename(_ old: String, to new: String) { Glibc.rename(self(old), self(new)) }

    /// Removes a file in the directory, or a directory with everything in it.
    public func remove(_ name: String) { Self.remove(self(name)) }

    // MARK: Directories

    /// The directory of this process.
    static let parent: String = {
        let variable = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        let parent = make(in: variable.isEmpty ? "/tmp" : variable, "gateway-tests-")
        atexit { TemporaryDirectory.remove(TemporaryDirectory.parent) }
        return parent
    }()

    private static func make(in directory: String, _ prefix: String) -> String {
        // The working directory of a program that a test starts is another one.
        guard let absolute = realpath(directory, nil) else { fatalError("no directory \(directory)") }
        defer { free(absolute) }
        var template = Array("\(String(cString: absolute))/\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("mkdtemp in \(directory): errno \(errno)") }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func remove(_ path: String) {
        // Anything but a directory goes by `unlink`, which never follows a link.
        if unlink(path) == 0 { return }
        if let stream = opendir(path) {
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { remove(path + "/" + name) }
            }
            closedir(stream)
        }
        rmdir(path)
    }
}
