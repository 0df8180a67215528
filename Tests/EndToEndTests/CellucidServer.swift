import Glibc
import TestSupport

/// A released Cellucid server, the real Python program, with viewers whose events are told.
///
/// It is started by `Tests/Cellucid/serve.py` from an environment that `Tests/Cellucid/environments.sh` has made.
final class CellucidServer {
    /// A released version.
    enum Version: String, CaseIterable, Sendable {
        /// Export folders; events without tokens.
        case v009 = "0.0.9"
        /// Export folders of a later format; events with tokens, everything checked.
        case v093 = "0.9.3"
        /// An AnnData file; events by WebSocket.
        case v095 = "0.9.5"

        /// The folder of its Python environment.
        var environment: String { "\(Repository.root)/.build/cellucid/\(rawValue)" }

        /// Its Python.
        var python: String { "\(environment)/bin/python" }

        /// A session bundle of the format it takes.
        var bundle: [UInt8] { readFile("\(environment)/data/saved.cellucid-session") ?? [] }

        /// Whether its environment is there.
        var isInstalled: Bool { readFile("\(environment)/made-from") != nil }
    }

    /// What a callback got.
    struct Delivery: Equatable {
        /// Whose callback it was.
        let viewer: String
        /// What it was given.
        let event: JSON
    }

    /// The server did not do what it was told; with what it says.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Whether all versions are there; a line on the output says so when one is not.
    static let areInstalled: Bool = {
        let missing = Version.allCases.filter { !$0.isInstalled }.map(\.rawValue)
        if missing.isEmpty { return true }
        print(
            "skipped: the tests with real Cellucid servers need \(missing.joined(separator: ", ")) of it; "
                + "Tests/Cellucid/environments.sh installs them"
        )
        return false
    }()

    let version: Version
    /// The port it listens on.
    private(set) var port: UInt16 = 0
    /// The secrets of the viewers that it was started with; none for 0.0.9.
    private(set) var tokens: [String: String] = [:]
    /// The folder that session bundles are moved to, named by their request.
    let bundles = TemporaryDirectory()

    private let folder = TemporaryDirectory()
    private let child: ChildProcess
    private var answered = 0

    /// Starts a server and waits until it listens.
    /// - Parameters:
    ///   - version: which one.
    ///   - data: what it serves; a small dataset of its own when it is `nil`.
    ///   - viewers: the viewers it knows.
    ///   - port: the port; 0 for a free one.
    ///   - arguments: more for `serve.py`.
    /// - Throws: `Failure` when it does not listen.
    init(
        _ version: Version,
        data: String? = nil,
        viewers: [String] = [],
        port: UInt16 = 0,
        _ arguments: [String] = []
    ) throws {
        self.version = version
        let fifo = folder("commands")
        guard mkfifo(fifo, 0o600) == 0 else { throw Failure(description: "mkfifo: errno \(errno)") }
        let program = [version.python, "-W", "ignore", "\(Repository.root)/Tests/Cellucid/serve.py"]
        let own = [data ?? Self.data(version, in: folder), "--port", "\(port)", "--bundles", bundles.path]
        let names = viewers.flatMap { ["--viewer", $0] }
        child = try ChildProcess(
            "sh",
            // Opened for both, so that it neither waits for a writer nor ends without one.
            ["-c", "exec \"$@\" <>'\(fifo)'", "sh"] + program + own + names + arguments,
            directory: folder.path,
            output: folder("output"),
            error: folder("error")
        )
        let first = Deadline(seconds: 60).firstAnswer { lines.first ?? (child.hasEnded ? .null : nil) }
        guard case .number(let number)? = first?["listening"] else { throw failure("it does not listen") }
        self.port = UInt16(number)
        for viewer in viewers { tokens[viewer] = first?["tokens"]?[viewer]?.text }
    }

    deinit { child.kill() }

    /// The data it serves when a test does not say.
    private static func data(_ version: Version, in folder: TemporaryDirectory) -> String {
        switch version {
        case .v009:
            ExportFixture(id: "cells", name: "Cells of 0.0.9").write("cells", in: folder)
            return folder("cells")
        case .v093: return "\(version.environment)/data/cells"
        case .v095: return "\(version.environment)/data/cells.h5ad"
        }
    }

    // MARK: Its viewers

    /// What callbacks got so far, in order.
    var deliveries: [Delivery] {
        lines.compactMap { line in
            guard let viewer = line["viewer"]?.text, let event = line["event"] else { return nil }
            return Delivery(viewer: viewer, event: event)
        }
    }

    /// Waits until callbacks got so many events altogether.
    /// - Returns: all of them, also when there are fewer or more.
    func deliveries(_ count: Int) -> [Delivery] {
        _ = Deadline(seconds: 60).wait { deliveries.count >= count }
        return deliveries
    }

    /// Adds a viewer.
    func add(_ viewer: String) throws {
        let answer = try tell(["do": .string("add"), "viewer": .string(viewer)])
        tokens[viewer] = answer["token"]?.text
    }

    /// Takes a viewer away.
    func remove(_ viewer: String) throws {
        _ = try tell(["do": .string("remove"), "viewer": .string(viewer)])
    }

    /// Waits for a session bundle from now on.
    func expect(_ request: String, of viewer: String) throws {
        _ = try tell([
            "do": .string("expect"), "viewer": .string(viewer), "request": .string(request),
        ])
    }

    /// Lets the callback of a viewer take a while.
    func delay(_ viewer: String, seconds: Double) throws {
        _ = try tell(["do": .string("delay"), "viewer": .string(viewer), "seconds": .number(seconds)])
    }

    /// Lets the callback of a viewer fail.
    func letFail(_ viewer: String) throws {
        _ = try tell(["do": .string("raise"), "viewer": .string(viewer)])
    }

    /// Sends a viewer of 0.9.5 a text.
    func send(_ message: String, to viewer: String) throws {
        _ = try tell(["do": .string("send"), "viewer": .string(viewer), "message": .string(message)])
    }

    // MARK: Its life

    /// Stops it where it is, and waits until it stands still; its connections are taken by the system meanwhile.
    func freeze() throws {
        child.send(signal: SIGSTOP)
        let threads = "/proc/\(child.processID)/task"
        let isFrozen = Deadline(seconds: 30).wait {
            Repository.names(in: threads).allSatisfy { thread in
                let status = String(decoding: readFile("\(threads)/\(thread)/stat") ?? [], as: UTF8.self)
                return status.split(separator: ")").last?.hasPrefix(" T") == true
            }
        }
        guard isFrozen else { throw failure("it does not stand still") }
    }

    /// Lets it go on.
    func thaw() { child.send(signal: SIGCONT) }

    /// Ends it at once, with all its connections.
    func kill() { child.kill() }

    /// Ends it in order.
    func stop() {
        write("{\"do\":\"stop\"}\n")
        _ = child.waitForEnd()
    }

    // MARK: Asking it without a gateway

    /// A status and body that it gives itself, on a connection of its own.
    func ask(_ target: String, _ fields: [String] = []) throws -> (status: Int, body: [UInt8]) {
        let connection = try RawConnection(port: port)
        let lines = ["GET \(target) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"] + fields
        try connection.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        let answer = try connection.readToEnd()
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)),
            let status = Int(String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self))
        else { throw failure("no answer for \(target)") }
        return (status, Array(answer[end.upperBound...]))
    }

    // MARK: Commands

    /// All whole lines of its output.
    private var lines: [JSON] {
        let output = readFile(folder("output")) ?? []
        guard let end = output.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        return output[...end].split(separator: UInt8(ascii: "\n")).compactMap { try? JSON(Array($0)) }
    }

    private func tell(_ command: [String: JSON]) throws -> JSON {
        write("\(JSON.object(command).document)\n")
        answered += 1
        let answer = Deadline(seconds: 30).firstAnswer { () -> JSON? in
            let answers = lines.filter { $0["done"] != nil || $0["failed"] != nil }
            return answers.count >= answered ? answers[answered - 1] : child.hasEnded ? .null : nil
        }
        guard let answer, answer["done"] != nil else { throw failure("\(command): \(answer ?? .null)") }
        return answer
    }

    private func write(_ text: String) {
        let descriptor = open(folder("commands"), O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let bytes = Array(text.utf8)
        _ = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
    }

    private func failure(_ text: String) -> Failure {
        let error = String(decoding: readFile(folder("error")) ?? [], as: UTF8.self)
        return Failure(description: "Cellucid \(version.rawValue): \(text)\n\(error)")
    }
}

extension JSON {
    /// The value as a document; whole numbers are written without a point.
    var document: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let value): return Double(Int(value)) == value ? "\(Int(value))" : "\(value)"
        case .string(let text):
            let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
            return "\"\(String(escaped))\""
        case .array(let elements): return "[\(elements.map(\.document).joined(separator: ","))]"
        case .object(let members):
            let texts = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value.document)" }
            return "{\(texts.joined(separator: ","))}"
        }
    }
}
