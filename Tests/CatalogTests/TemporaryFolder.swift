import Glibc

/// A folder below the system's temporary folder that is deleted with this object.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        let base = getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/catalog-tests-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { fatalError("no temporary folder: errno \(errno)") }
        path = unsafe String(cString: made)
    }

    deinit { remove("") }

    func full(_ name: String) -> String { name.isEmpty ? path : "\(path)/\(name)" }

    func makeFolder(_ name: String) {
        _ = mkdir(full(name), 0o755)
    }

    func write(_ name: String, _ text: String) {
        write(name, Array(text.utf8))
    }

    func write(_ name: String, _ bytes: [UInt8]) {
        guard let file = fopen(full(name), "w") else { fatalError("cannot write \(name): errno \(errno)") }
        _ = fwrite(bytes, 1, bytes.count, file)
        _ = fclose(file)
    }

    func link(_ name: String, to target: String) {
        _ = symlink(target, full(name))
    }

    func rename(_ old: String, to new: String) {
        _ = Glibc.rename(full(old), full(new))
    }

    func remove(_ name: String) {
        if let stream = opendir(full(name)) {
            var names: [String] = []
            while let entry = readdir(stream) {
                let text = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                }
                if text != "." && text != ".." { names.append(text) }
            }
            closedir(stream)
            var status = stat()
            _ = lstat(full(name), &status)
            if status.st_mode & S_IFMT == S_IFDIR {
                for child in names { remove(name.isEmpty ? child : "\(name)/\(child)") }
                _ = rmdir(full(name))
                return
            }
        }
        _ = unlink(full(name))
    }

    /// A small complete export folder.
    func makeDataset(_ name: String, identity: String? = nil, compressed: Bool = false) {
        makeFolder(name)
        let prefix = name.isEmpty ? "" : "\(name)/"
        write(
            prefix + "dataset_identity.json",
            identity
                ?? #"{"id": "id-\#(name)", "name": "Name \#(name)", "stats": {"n_cells": 3, "n_genes": 2}}"#
        )
        write(prefix + "obs_manifest.json", #"{"_format":"compact_v1"}"#)
        write(prefix + (compressed ? "points_3d.bin.gz" : "points_2d.bin"), "12345678")
    }
}
