/// What relative paths of one source of configuration are relative to.
struct PathBase: Sendable {
    /// The absolute path that relative ones continue: the working directory, or the folder of the file.
    let directory: String
    /// What a leading `~/` stands for, if known.
    let home: String?

    /// Makes a base of a folder and the `HOME` variable, which counts only if absolute.
    init(directory: String, environment: [String: String]) {
        self.directory = directory
        home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }

    /// The absolute form of a path, without empty and `.` segments.
    ///
    /// Segments `..` stay, since what they mean depends on symbolic links.
    ///
    /// - Returns: nil if the path is empty or has a NUL, or begins with `~/` when no home is known.
    func resolve(_ path: String) -> String? {
        guard !path.isEmpty, !path.utf8.contains(0) else { return nil }
        if path == "~" || path.hasPrefix("~/") {
            guard let home else { return nil }
            return Self.normalised(home + path.dropFirst())
        }
        return Self.normalised(path.utf8.first == UInt8(ascii: "/") ? path : directory + "/" + path)
    }

    /// The folder that holds an absolute path.
    static func parent(of path: String) -> String {
        "/" + segments(path).dropLast().joined(separator: "/")
    }

    private static func normalised(_ absolutePath: String) -> String {
        "/" + segments(absolutePath).filter { $0 != "." }.joined(separator: "/")
    }

    /// The names in a path, cut at bytes: a combining character after a `/` does not hide it.
    private static func segments(_ path: String) -> [Substring] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { Substring($0) }
    }
}
