import Glibc

/// A server of the tests written in Python, which says on its output that it listens.
///
/// It is told by a file what to do, and tells by another what it saw: `--behaviour` and `--log`. It is killed when the
/// object goes.
open class ServerScript {
    /// The port it listens on, and nobody else before its first start and while it is stopped.
    public var port: UInt16 { reserved.number }
    /// Where its files are.
    public let folder: TemporaryDirectory

    private let path: String
    private let python: String
    private let arguments: [String]
    private let reserved: RefusingPort
    private var child: ChildProcess?

    /// Says what to start.
    /// - Parameters:
    ///   - path: the script, from the folder `Tests` on.
    ///   - python: the program that runs it.
    ///   - folder: where its files are to be.
    ///   - arguments: its arguments besides `--port`, `--behaviour` and `--log`.
    /// - Throws: when no port is free.
    public init(
        _ path: String,
        python: String = "python3",
        folder: TemporaryDirectory = TemporaryDirectory(),
        _ arguments: [String]
    ) throws(ChildProcess.Failure) {
        self.path = path
        self.python = python
        self.folder = folder
        self.arguments = arguments
        reserved = try RefusingPort()
    }

    // MARK: Its life

    /// Starts it, always at the same port, and waits until it listens.
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
        guard line?.isEmpty == false else {
            let error = String(decoding: readFile(output("error")) ?? [], as: UTF8.self)
            throw ChildProcess.Failure(description: "\(path) does not start: \(error)")
        }
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
