import Glibc

/// A server of the tests written in Python, which says on its output at which port it listens.
///
/// It is told by a file what to do, and tells by another what it saw: `--behaviour` and `--log`. It is killed when the
/// object goes.
open class ServerScript {
    /// The port it listens on; 0 before the first start, and for a Unix socket.
    public private(set) var port: UInt16 = 0
    /// Where its files are.
    public let folder: TemporaryDirectory

    private let path: String
    private let python: String
    private let arguments: [String]
    private var child: ChildProcess?

    /// Says what to start.
    /// - Parameters:
    ///   - path: the script, from the folder `Tests` on.
    ///   - python: the program that runs it.
    ///   - folder: where its files are to be.
    ///   - arguments: its arguments besides `--port`, `--behaviour` and `--log`.
    public init(
        _ path: String,
        python: String = "python3",
        folder: TemporaryDirectory = TemporaryDirectory(),
        _ arguments: [String]
    ) {
        self.path = path
        self.python = python
        self.folder = folder
        self.arguments = arguments
    }

    // MARK: Its life

    /// Starts it, at the same port as before if it ran before, and waits until it listens.
    /// - Throws: with what it says, when it does not listen.
    open func start() throws(ChildProcess.Failure) {
        let output = TemporaryDirectory()
        let own = ["--port", "\(port)", "--behaviour", folder("behaviour"), "--log", folder("log")]
        let child = try ChildProcess(
            python,
            ["-B", "\(Repository.root)/Tests/\(path)"] + own + arguments,
            directory: "/",
            output: output("output"),
            error: output("error")
        )
        let line: String? = Deadline(seconds: 60).firstAnswer {
            let text = String(decoding: readFile(output("output")) ?? [], as: UTF8.self)
            return text.hasSuffix("\n") ? text : child.hasEnded ? "" : nil
        }
        guard let line, let number = line.split(whereSeparator: \.isWhitespace).last.flatMap({ UInt16($0) })
        else {
            let error = String(decoding: readFile(output("error")) ?? [], as: UTF8.self)
            throw ChildProcess.Failure(description: "\(path) does not start: \(error)")
        }
        port = number
        self.child = child
    }

    /// Kills it.
    public func stop() {
        child?.kill()
        child = nil
    }

    /// Whether it has ended, by itself or because it was stopped.
    public var hasEnded: Bool { child?.hasEnded ?? true }

    /// Makes it take connections without doing anything with them.
    public func pause() { child?.send(signal: SIGSTOP) }

    /// Ends the pause.
    public func resume() { child?.send(signal: SIGCONT) }

    // MARK: What it does and saw

    /// Replaces the file that says what it does, all at once.
    public func behave(_ text: String) {
        folder.write("behaviour.next", text)
        folder.rename("behaviour.next", to: "behaviour")
    }

    /// What it saw so far: every whole line of its log.
    public var log: [JSON] {
        let lines = (readFile(folder("log")) ?? []).split(separator: UInt8(ascii: "\n"))
        return lines.compactMap { try? JSON(Array($0)) }
    }
}
