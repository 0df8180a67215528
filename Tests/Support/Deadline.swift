import Glibc

/// A point in time up to which a test waits for something that must happen.
///
/// The time is generous; it is only there so that a failing test ends.
public struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    /// Counts from now.
    public init(seconds: Int) { end = .now + .seconds(seconds) }

    /// Whether the time is over.
    public var hasPassed: Bool { ContinuousClock.now >= end }

    /// Asks again and again until there is an answer or the time is over.
    public func firstAnswer<Answer>(_ answer: () throws -> Answer?) rethrows -> Answer? {
        while true {
            if let found = try answer() { return found }
            if hasPassed { return nil }
            usleep(2000)
        }
    }

    /// Tries again as long as the server ends the connection instead of answering.
    ///
    /// For servers that wait a short time only: whoever gets no processor for so long comes too late.
    /// - Throws: what the last attempt threw when the time is over, and every other error at once.
    public func firstSuccess<Result>(_ attempt: () throws -> Result) throws -> Result {
        while true {
            do {
                return try attempt()
            } catch let error as RawConnection.Failure {
                if hasPassed { throw error }
            }
        }
    }

    /// Asks again and again until the condition holds.
    /// - Returns: whether it came to hold in time.
    public func wait(until condition: () throws -> Bool) rethrows -> Bool {
        try firstAnswer { try condition() ? true : nil } ?? false
    }
}

/// All bytes of a file, or `nil` when it cannot be read.
public func readFile(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}
