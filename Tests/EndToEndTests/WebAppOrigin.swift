import Glibc
import TestSupport

/// A program `Tests/WebApp/origin.py`: the origin of a web app, or a proxy.
final class WebAppOrigin {
    /// A request that came.
    struct Request {
        let method: String
        let path: String
        /// The status of the answer; 0 for none.
        let status: Int
        /// The number of the connection.
        let connection: Int
        /// Fields by name in lower case.
        let fields: [String: String]
    }

    /// Whether the programs that it needs are there; a line on the output says so when they are not.
    static let isAvailable = TLSCertificates.isAvailable && python != nil

    private static let python = Repository.python(with: "ssl")

    /// The port it listens on.
    private(set) var port: UInt16 = 0
    /// A folder for builds that are published.
    let builds = TemporaryDirectory()

    private let folder = TemporaryDirectory()
    private let arguments: [String]
    private var child: ChildProcess?
    private var published: String?

    /// Starts an origin of the first build by HTTPS.
    /// - Parameters:
    ///   - hasInventory: whether there is an inventory with hashes.
    ///   - certificate: what it shows.
    /// - Throws: when it does not start.
    init(hasInventory: Bool = false, certificate: WebAppCertificates.Kind = .trusted) throws {
        let app = WebAppFixture.write(in: builds)
        arguments =
            ["--folder", app, "--certificate", try WebAppCertificates.chain(certificate)]
            + (hasInventory ? ["--inventory"] : [])
        try start()
    }

    /// Starts a proxy.
    /// - Parameters:
    ///   - user: the name and password that it asks for, with a colon between them; `nil` for none.
    ///   - map: where it leads connections instead of their targets.
    /// - Throws: when it does not start.
    init(proxyFor user: String?, map: [String] = []) throws {
        arguments =
            ["--connect-proxy"] + (user.map { ["--user", $0] } ?? []) + map.flatMap { ["--map", $0] }
        try start()
    }

    /// What gateways are told.
    var url: String { "https://localhost:\(port)" }

    // MARK: Its life

    /// Starts it again on the same port.
    func start() throws {
        let output = TemporaryDirectory()
        let child = try ChildProcess(
            Self.python ?? "python3",
            [
                "-B", "\(Repository.root)/Tests/WebApp/origin.py", "--port", "\(port)", "--behaviour",
                folder("behaviour"), "--log", folder("log"),
            ] + arguments,
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
            throw TLSCertificates.Failure(description: "origin.py does not start: \(error)")
        }
        port = number
        self.child = child
    }

    /// Ends it.
    func stop() {
        child?.kill()
        child = nil
    }

    /// Whether it has ended by itself.
    var hasEnded: Bool { child?.hasEnded ?? true }

    /// Makes it take connections without doing anything with them.
    func pause() { child?.send(signal: SIGSTOP) }

    /// Ends the pause.
    func resume() { child?.send(signal: SIGCONT) }

    // MARK: What it does

    /// Puts another build in the place of the present one, and drops all rules.
    /// - Returns: the build's folder.
    @discardableResult
    func publish(_ build: String, _ rules: KeyValuePairs<String, String> = [:]) -> String {
        let folder = WebAppFixture.write(build, in: builds)
        published = folder
        behave(rules)
        return folder
    }

    /// Does what `rules` say from now on: JSON objects by patterns of paths, as `origin.py` explains them.
    /// - Parameters:
    ///   - rules: take the place of all earlier ones.
    ///   - diesAfter: how many requests are answered before it ends.
    func behave(_ rules: KeyValuePairs<String, String> = [:], diesAfter: Int? = nil) {
        var members: [String] = []
        if let published { members.append("\"folder\": \"\(published)\"") }
        if let diesAfter { members.append("\"die_after\": \(diesAfter)") }
        members.append("\"paths\": {\(rules.map { "\"\($0)\": \($1)" }.joined(separator: ", "))}")
        folder.write("behaviour.next", "{\(members.joined(separator: ", "))}")
        folder.rename("behaviour.next", to: "behaviour")
    }

    // MARK: What it saw

    /// All requests so far, in the order of their answers.
    var requests: [Request] {
        let lines = (readFile(folder("log")) ?? []).split(separator: UInt8(ascii: "\n"))
        return lines.compactMap { line in
            guard let entry = try? JSON(Array(line)), let method = entry["method"]?.text,
                let path = entry["path"]?.text, case .number(let status)? = entry["status"],
                case .number(let connection)? = entry["connection"],
                case .object(let fields)? = entry["headers"]
            else { return nil }
            return Request(
                method: method,
                path: path,
                status: Int(status),
                connection: Int(connection),
                fields: Dictionary(fields.map { ($0.lowercased(), $1.text ?? "") }) { first, _ in first }
            )
        }
    }

    /// The number of requests so far for a path.
    func count(_ path: String) -> Int { requests.filter { $0.path == path }.count }

    /// The paths of requests after the first `count`, each once and sorted.
    func paths(after count: Int) -> [String] { Set(requests.dropFirst(count).map(\.path)).sorted() }
}
