import Glibc

/// A running `gateway`, the program itself and not its parts: the one that was built along with the tests.
///
/// It has an environment of its own, without anything of the tests' but `PATH`, and a home folder that goes when
/// the object goes; then the process is killed if it still runs.
public final class GatewayProcessUnderTest {
    /// Why the program could not be used.
    public typealias Failure = ChildProcess.Failure
    /// How the program ended.
    public typealias Ending = ChildProcess.Ending

    /// The port it listens on; 0 when the start was not waited for.
    public private(set) var port: UInt16 = 0
    /// The folder that is its home, and the parent of its cache.
    public let home = TemporaryDirectory()

    private let child: ChildProcess

    /// The path of the program: it is beside the program of the tests.
    public static var executable: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:))
        let slash = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
        return String(decoding: path[..<slash], as: UTF8.self) + "/gateway"
    }

    /// Starts the program and waits until it listens.
    /// - Parameters:
    ///   - arguments: the command line without the program's name.
    ///   - port: what follows `--port`; `nil` leaves the flag out.
    ///   - environment: more variables.
    ///   - hasWebApp: whether it may fetch a web app; no test asks the real origin.
    ///   - wrapper: a command that becomes the program, whose command line follows its own words.
    ///   - directory: the working directory; the program's home folder when it is `nil`.
    ///   - waits: whether to wait until it listens. Without waiting, a program that ends at once is no failure.
    /// - Throws: `Failure` when it cannot be started, or ends or stays silent instead of listening.
    public init(
        _ arguments: [String],
        port: UInt16? = 0,
        environment: [String: String] = [:],
        hasWebApp: Bool = false,
        wrapper: [String] = [],
        directory: String? = nil,
        waits: Bool = true
    ) throws(Failure) {
        var variables = environment
        if variables["PATH"] == nil, let path = getenv("PATH") { variables["PATH"] = String(cString: path) }
        if variables["HOME"] == nil { variables["HOME"] = home.path }
        if variables["XDG_CACHE_HOME"] == nil { variables["XDG_CACHE_HOME"] = home("cache") }
        if !hasWebApp { variables["CELLUCID_GATEWAY_NO_WEB_APP"] = "true" }
        let words = wrapper + [Self.executable] + arguments + (port.map { ["--port", "\($0)"] } ?? [])
        child = try ChildProcess(
            words[0],
            Array(words.dropFirst()),
            environment: variables.map { "\($0.key)=\($0.value)" },
            directory: directory ?? home.path,
            output: home("stdout"),
            error: home("stderr")
        )
        if waits { self.port = try listeningPort() }
    }

    // Before its home goes: what it still writes would stay behind.
    deinit { child.kill() }

    /// Opens a connection to it.
    public func connect(receiveBuffer: Int32? = nil) throws(RawConnection.Failure) -> RawConnection {
        try RawConnection(port: port, receiveBuffer: receiveBuffer)
    }

    // MARK: What it says

    /// What it has written to stderr so far.
    public var errorText: String { read("stderr") }

    /// What it has written to stdout so far.
    public var outputText: String { read("stdout") }

    /// Waits until stderr contains `text`.
    /// - Returns: whether that happened in time and before the program ended.
    public func waitForErrorText(_ text: String, seconds: Int = 30) -> Bool {
        let found: Bool? = Deadline(seconds: seconds).firstAnswer {
            // Asked before the text is read, so that the last words are not missed.
            let isOver = hasEnded
            return errorText.contains(text) ? true : isOver ? false : nil
        }
        return found ?? false
    }

    // MARK: Its life

    /// The program's process id.
    public var processID: pid_t { child.processID }

    /// Sends a signal.
    public func send(signal: Int32) { child.send(signal: signal) }

    /// Whether the program has ended.
    public var hasEnded: Bool { child.hasEnded }

    /// Waits for the end of the program.
    /// - Returns: how it ended, or `nil` when it still runs after `seconds`.
    public func waitForEnd(seconds: Int = 30) -> Ending? { child.waitForEnd(seconds: seconds) }

    /// Runs the program to its end, with no `--port` added.
    /// - Returns: how it ended and what it wrote.
    /// - Throws: `Failure` when it cannot be started or does not end.
    public static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        hasWebApp: Bool = false,
        directory: String? = nil
    ) throws(Failure) -> (ending: Ending, output: String, error: String) {
        let process = try GatewayProcessUnderTest(
            arguments,
            port: nil,
            environment: environment,
            hasWebApp: hasWebApp,
            directory: directory,
            waits: false
        )
        guard let ending = process.waitForEnd() else {
            throw Failure(description: "the gateway does not end: \(process.errorText)")
        }
        return (ending, process.outputText, process.errorText)
    }

    // MARK: Starting

    private func listeningPort() throws(Failure) -> UInt16 {
        let found: UInt16? = Deadline(seconds: 60).firstAnswer {
            if let port = Self.port(in: errorText) { return port }
            return hasEnded ? 0 : nil
        }
        guard let found, found > 0 else {
            throw Failure(description: "the gateway does not listen: \(errorText)")
        }
        return found
    }

    /// The port of the first "listening on HOST:PORT " in `text`.
    private static func port(in text: String) -> UInt16? {
        guard let start = text.firstRange(of: "listening on ")?.upperBound,
            let end = text[start...].firstIndex(where: { $0 == " " || $0 == "\n" }),
            let colon = text[start..<end].lastIndex(of: ":")
        else { return nil }
        return UInt16(text[text.index(after: colon)..<end])
    }

    private func read(_ name: String) -> String {
        String(decoding: readFile(home(name)) ?? [], as: UTF8.self)
    }
}
