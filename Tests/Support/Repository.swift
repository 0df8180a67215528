import Glibc

/// Where things are in the source tree that the tests were built from.
public enum Repository {
    /// The top folder.
    public static let root: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// The folder of datasets for trying the gateway out.
    public static let demo = root + "/config/demo"

    /// The paths of all plain files beneath `folder`, relative to it and sorted.
    public static func files(in folder: String) -> [String] {
        names(in: folder).flatMap { name -> [String] in
            let path = folder + "/" + name
            return isFolder(path) ? files(in: path).map { "\(name)/\($0)" } : [name]
        }
    }

    /// The names in `folder`, sorted; empty when it cannot be read.
    public static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
