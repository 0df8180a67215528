import Glibc
import TestSupport

/// `Tests/Cases/golden-differences.txt`: where the gateway differs from the recorded server on purpose.
struct GoldenDifferences {
    /// One line of the file.
    struct Line: Hashable {
        let recording: String
        let path: String
        let method: String

        /// Whether the line is about this request of this recording.
        func covers(_ recording: String, method: String, path: String) -> Bool {
            covers(recording) && method == self.method && fnmatch(self.path, path, 0) == 0
        }

        /// Whether the line is about this recording at all.
        func covers(_ recording: String) -> Bool { fnmatch(self.recording, recording, 0) == 0 }
    }

    /// The file is not of the form that it describes itself.
    struct SyntaxError: Error {
        let line: Substring
    }

    let lines: [Line]

    /// Reads the file.
    init() throws {
        let path = Repository.root + "/Tests/Cases/golden-differences.txt"
        let text = String(decoding: readFile(path) ?? [], as: UTF8.self)
        lines = try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: true)
            guard words.count == 4 else { throw SyntaxError(line: line) }
            return Line(recording: String(words[0]), path: String(words[1]), method: String(words[2]))
        }
    }
}
