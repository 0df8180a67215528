import FoundationEssentials
import TestSupport

/// A program `Tests/Upstreams/scripted.py`: a Cellucid server whose answers are written by the test.
final class ScriptedUpstream: ServerScript {
    /// What it speaks when nothing else is said.
    enum Generation: String, CaseIterable, Sendable {
        /// HTTP/1.0, one connection at a time, no protocol document.
        case first = "0.0.9"
        /// The same with a protocol document, and it looks at Host.
        case second = "0.9.1"
        /// HTTP/1.1, any number of connections.
        case third = "0.9.5"
    }

    /// What is done to answer a request.
    enum Step: Sendable {
        /// Sends text; each character is a byte.
        case send(String)
        /// Sends so many bytes.
        case fill(Int)
        case sendTimes(Int, String)
        /// Sends byte by byte.
        case drip(String, milliseconds: Int)
        case pause(milliseconds: Int)
        /// Receives the body of the request.
        case receiveBody
        /// Waits for so many bytes that belong to no request.
        case await(Int)
        /// Waits until the gateway closes the connection.
        case wait
        case close
        case reset
    }

    /// What is done for requests to targets that match a pattern with `*`.
    struct Rule: Sendable {
        let target: String
        let steps: [Step]
        /// Only for requests that are not the first on their connection.
        var onlyReused = false
        /// For how many requests.
        var times: Int?
        /// Whether the answer begins before the body of the request has come.
        var isEarly = false

        init(
            _ target: String,
            _ steps: [Step],
            onlyReused: Bool = false,
            times: Int? = nil,
            isEarly: Bool = false
        ) {
            self.target = target
            self.steps = steps
            self.onlyReused = onlyReused
            self.times = times
            self.isEarly = isEarly
        }
    }

    /// Something that it should have is not there.
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// A request as it came.
    struct Request {
        /// The number of the connection, from 1.
        let connection: Int
        /// The head as it came.
        let head: String
        /// The whole body, if all of it came.
        var body: Body?

        /// The words of the request line.
        private var words: [Substring] {
            head.prefix { $0 != "\r\n" }.split(separator: " ", omittingEmptySubsequences: false)
        }
        var method: String { String(words[0]) }
        var target: String { words.count > 1 ? String(words[1]) : "" }
        var version: String { words.count > 2 ? String(words[2]) : "" }

        /// The field names in their order, in lower case.
        var names: [String] { fields.map(\.name) }

        /// The values of all fields with this name, without regard to case.
        func values(_ name: String) -> [String] {
            fields.filter { $0.name == name.lowercased() }.map(\.value)
        }

        private var fields: [(name: String, value: String)] {
            head.split(separator: "\r\n").dropFirst().map { line in
                let name = line.prefix { $0 != ":" }
                return (name.lowercased(), String(line.dropFirst(name.count + 1).drop { $0 == " " }))
            }
        }
    }

    /// A body as it came.
    struct Body: Equatable {
        /// `none`, `length` or `chunked`.
        let framing: String
        let length: Int
        /// In hexadecimal digits.
        let sha256: String
        /// The first 64 KiB.
        let text: String
    }

    /// A connection that has ended.
    struct Ending {
        let connection: Int
        /// Bytes that it brought and took.
        let received: Int
        let sent: Int
        /// What came and was no request.
        let rest: String
        /// Whether the gateway reset it.
        let isReset: Bool
    }

    /// The path of its Unix socket; nobody listens there unless it was made so.
    var socketPath: String { folder("socket") }

    private let isEncrypted: Bool
    private let isUnixSocket: Bool
    private var ruleSets = 0

    /// Starts it.
    /// - Parameters:
    ///   - generation: what it is.
    ///   - rules: what it does otherwise than its generation would.
    ///   - id: the id of its dataset; the name is `Dataset` and the id.
    ///   - folders: the folders of its datasets; it has one dataset at `/` when there are none.
    ///   - certificate: a PEM file with chain and key; it speaks TLS then.
    ///   - isUnixSocket: whether it listens at ``socketPath``.
    /// - Throws: when it does not start.
    init(
        _ generation: Generation = .third,
        _ rules: [Rule] = [],
        id: String = "scripted",
        folders: [String] = [],
        certificate: String? = nil,
        isUnixSocket: Bool = false
    ) throws {
        var arguments = ["--generation", generation.rawValue, "--id", id, "--name", "Dataset \(id)"]
        if !folders.isEmpty { arguments += ["--folders", folders.joined(separator: ",")] }
        if let certificate { arguments += ["--certificate", certificate] }
        let folder = TemporaryDirectory()
        if isUnixSocket { arguments += ["--unix", folder("socket")] }
        isEncrypted = certificate != nil
        self.isUnixSocket = isUnixSocket
        try super.init("Upstreams/scripted.py", folder: folder, arguments)
        behave(rules)
        try start()
    }

    /// What gateways are told.
    var url: String {
        isUnixSocket ? "unix:\(socketPath)" : "\(isEncrypted ? "https" : "http")://\(authority)"
    }

    /// Its address and port.
    var authority: String { "127.0.0.1:\(port)" }

    // MARK: Its life

    /// Starts it again at the same place.
    override func start() throws(ChildProcess.Failure) {
        if isUnixSocket { folder.remove("socket") }
        try super.start()
    }

    /// Does what `rules` say from now on; they take the place of all earlier ones.
    func behave(_ rules: [Rule]) {
        ruleSets += 1
        // A rule that nobody meets makes the text another one, so that counts start anew.
        let all = rules + [Rule("none-\(ruleSets)", [])]
        behave("[\(all.map(Self.json).joined(separator: ",\n"))]")
    }

    // MARK: What it saw

    /// All requests so far.
    var requests: [Request] {
        var requests: [Request] = []
        for entry in log {
            guard let connection = entry["connection"]?.integer else { continue }
            if entry["event"]?.text == "head", let text = entry["text"]?.text {
                requests.append(Request(connection: connection, head: text))
            } else if entry["event"]?.text == "body",
                let index = requests.lastIndex(where: { $0.connection == connection })
            {
                requests[index].body = Body(
                    framing: entry["framing"]?.text ?? "",
                    length: entry["length"]?.integer ?? -1,
                    sha256: entry["sha256"]?.text ?? "",
                    text: entry["text"]?.text ?? ""
                )
            }
        }
        return requests
    }

    /// The requests so far for a target.
    func requests(_ target: String) -> [Request] { requests.filter { $0.target == target } }

    /// Waits for a request for `target`, the `count`th one.
    func waitForRequest(_ target: String, count: Int = 1, seconds: Int = 30) -> Request? {
        Deadline(seconds: seconds).firstAnswer {
            let found = requests(target)
            return found.count >= count ? found[count - 1] : nil
        }
    }

    /// The number of connections that were accepted so far.
    var connectionCount: Int { log.count { $0["event"]?.text == "open" } }

    /// The number of connections that are open now.
    var openCount: Int {
        log.reduce(0) { count, entry in
            switch entry["event"]?.text {
            case "open": count + 1
            case "close": count - 1
            default: count
            }
        }
    }

    /// The greatest number of connections that were open at a time.
    var mostOpen: Int { log.compactMap { $0["open"]?.integer }.max() ?? 0 }

    /// The connections that have ended.
    var endings: [Ending] {
        log.filter { $0["event"]?.text == "close" }.map { entry in
            Ending(
                connection: entry["connection"]?.integer ?? 0,
                received: entry["received"]?.integer ?? 0,
                sent: entry["sent"]?.integer ?? 0,
                rest: entry["rest"]?.text ?? "",
                isReset: entry["reset"] == .bool(true)
            )
        }
    }

    /// Waits for the end of a connection.
    func waitForEnding(of connection: Int, seconds: Int = 30) -> Ending? {
        Deadline(seconds: seconds).firstAnswer { endings.first { $0.connection == connection } }
    }

    // MARK: Rules as JSON

    private static func json(_ rule: Rule) -> String {
        var members = [
            "\"target\": \(json(rule.target))",
            "\"answer\": [\(rule.steps.map(json).joined(separator: ", "))]",
        ]
        if rule.onlyReused { members.append("\"reused\": true") }
        if let times = rule.times { members.append("\"times\": \(times)") }
        if rule.isEarly { members.append("\"early\": true") }
        return "{\(members.joined(separator: ", "))}"
    }

    private static func json(_ step: Step) -> String {
        switch step {
        case .send(let text): json(text)
        case .fill(let count): "{\"fill\": \(count)}"
        case .sendTimes(let count, let text): "{\"repeat\": \(json(text)), \"times\": \(count)}"
        case .drip(let text, let milliseconds): "{\"drip\": \(json(text)), \"every\": \(milliseconds)}"
        case .pause(let milliseconds): "{\"pause\": \(milliseconds)}"
        case .receiveBody: "{\"body\": true}"
        case .await(let count): "{\"await\": \(count)}"
        case .wait: "{\"wait\": true}"
        case .close: "{\"close\": true}"
        case .reset: "{\"reset\": true}"
        }
    }

    private static func json(_ text: String) -> String {
        guard let data = try? JSONEncoder().encode(text) else { preconditionFailure("no JSON: \(text)") }
        return String(decoding: data, as: UTF8.self)
    }
}

extension JSON {
    /// The value of a number.
    fileprivate var integer: Int? {
        if case .number(let number) = self { return Int(number) }
        return nil
    }
}
