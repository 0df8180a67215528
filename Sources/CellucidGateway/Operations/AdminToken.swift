import Bytes
import FoundationEssentials

/// The administrator's token in its file.
enum AdminToken {
    /// Far more than any token, and little enough to read at once.
    private static let maximumBytes = 64 * 1024
    /// The fewest characters of a token: fewer can be guessed.
    private static let leastCharacters = 16

    /// The first line of a file, without white space around it.
    /// - Throws: ``StartupError`` when there is none that can be used.
    static func read(_ path: String) throws(StartupError) -> String {
        let content: Data
        do {
            content = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw failure(path, "it cannot be read")
        }
        guard content.count <= maximumBytes else { throw failure(path, "it is too large") }
        let line = Array(content.prefix { $0 != 0x0a })
        let token = line.span.trimmed().copied().filter { $0 != 0x0d }
        guard token.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw failure(path, "its first line has other characters than those of ASCII, or spaces")
        }
        guard token.count >= leastCharacters else {
            throw failure(path, "its first line has fewer than \(leastCharacters) characters")
        }
        return String(decoding: token, as: UTF8.self)
    }

    private static func failure(_ path: String, _ reason: String) -> StartupError {
        StartupError(.startupFailed, "the token file \(path) cannot be used: \(reason)")
    }
}
