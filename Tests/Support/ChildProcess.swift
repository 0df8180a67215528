import Glibc

/// A program that a test has started.
///
/// It is killed when the object goes.
public final class ChildProcess {
    /// How a program ended.
    public enum Ending: Equatable, Sendable {
        /// It exited with this code.
        case exit(Int32)
        /// This signal killed it.
        case signal(Int32)
    }

    /// Why a program could not be started or used.
    public struct Failure: Error, CustomStringConvertible {
        /// What went wrong, with what the program said.
        public let description: String
    }

    /// The process id.
    public let processID: pid_t

    private var ending: Ending?

    /// Starts a program that reads nothing.
    /// - Parameters:
    ///   - program: its path, or its name to be looked up in `PATH`.
    ///   - arguments: its arguments, without its own name.
    ///   - environment: all its variables as `NAME=value`; `nil` for those of the tests. `TMPDIR` comes to them: what a
    ///     program leaves there when it is killed goes with the tests.
    ///   - directory: its working directory.
    ///   - output: the file that its output is appended to.
    ///   - error: the same for its error output.
    /// - Throws: `Failure` when no process can be made. A program that does not exist is an exit with 127.
    public init(
        _ program: String,
        _ arguments: [String],
        environment: [String]? = nil,
        directory: String,
        output: String,
        error: String
    ) throws(Failure) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, error, flags, 0o600)
        // `env` only changes the working directory and then becomes the program itself.
        let env = "/usr/bin/env"
        var words = ([env, "-C", directory, program] + arguments).map { strdup($0) } + [nil]
        let temporary = "TMPDIR=\(TemporaryDirectory.parent)"
        var variables = ([temporary] + (environment ?? Self.inherited)).map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, env, &actions, nil, &words, &variables)
        guard result == 0 else {
            throw Failure(description: "cannot start \(program): \(String(cString: strerror(result)))")
        }
        processID = process
    }

    /// The variables of the tests but for `TMPDIR`.
    private static let inherited: [String] = {
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            variables.append(String(cString: variable))
            next += 1
        }
        return variables.filter { !$0.hasPrefix("TMPDIR=") }
    }()

    deinit { kill() }

    /// Sends a signal.
    public func send(signal: Int32) { if !hasEnded { Glibc.kill(processID, signal) } }

    /// Kills the program if it still runs, and waits until it is gone.
    public func kill() {
        if hasEnded { return }
        Glibc.kill(processID, SIGKILL)
        waitpid(processID, nil, 0)
        ending = .signal(SIGKILL)
    }

    /// Whether the program has ended.
    public var hasEnded: Bool {
        if ending != nil { return true }
        var status: Int32 = 0
        guard waitpid(processID, &status, WNOHANG) == processID else { return false }
        let signal = status & 0x7f
        ending = signal == 0 ? .exit(status >> 8 & 0xff) : .signal(signal)
        return true
    }

    /// Waits for the end of the program.
    /// - Returns: how it ended, or `nil` when it still runs after `seconds`.
    public func waitForEnd(seconds: Int = 30) -> Ending? {
        Deadline(seconds: seconds).firstAnswer { hasEnded ? ending : nil }
    }

    /// Runs a program to its end.
    /// - Returns: how it ended and what it wrote.
    /// - Throws: `Failure` when it cannot be started or does not end within `seconds`.
    public static func run(
        _ program: String,
        _ arguments: [String],
        directory: String = "/",
        seconds: Int = 120
    ) throws(Failure) -> (ending: Ending, output: [UInt8], error: String) {
        let folder = TemporaryDirectory()
        let child = try ChildProcess(
            program,
            arguments,
            directory: directory,
            output: folder("output"),
            error: folder("error")
        )
        let end = child.waitForEnd(seconds: seconds)
        let error = String(decoding: readFile(folder("error")) ?? [], as: UTF8.self)
        guard let end else { throw Failure(description: "\(program) does not end: \(error)") }
        return (end, readFile(folder("output")) ?? [], error)
    }
}
