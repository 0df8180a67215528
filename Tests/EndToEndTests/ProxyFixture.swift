import TestSupport

/// A gateway with an export at `/cells/` and scripted upstreams.
final class ProxyFixture {
    /// Arguments that make the gateway wait one second only for answers of upstreams and for their bodies.
    static let impatience = ["--upstream-seconds", "1", "--stall-seconds", "1"]

    /// Arguments that make the gateway wait for upstreams however late they are.
    static let patience = ["--upstream-seconds", "60", "--stall-seconds", "60"]

    /// The gateway.
    let gateway: GatewayProcessUnderTest

    private let root = TemporaryDirectory()

    /// Starts the gateway.
    /// - Parameters:
    ///   - upstreams: URLs by mounts.
    ///   - arguments: more of the gateway's arguments.
    ///   - environment: more of its variables.
    /// - Throws: when the gateway does not start.
    init(
        _ upstreams: KeyValuePairs<String, String>,
        arguments: [String] = [],
        environment: [String: String] = [:]
    ) throws {
        ExportFixture().write("cells", in: root)
        let flags = upstreams.flatMap { ["--upstream", "\($0)=\($1)"] }
        gateway = try GatewayProcessUnderTest([root.path] + flags + arguments, environment: environment)
    }

    /// Starts a gateway with one upstream at `/up/`.
    /// - Parameters:
    ///   - upstream: the upstream.
    ///   - arguments: more of the gateway's arguments.
    ///   - waits: whether to wait until the gateway knows what the upstream is; until then it asks one thing at a time.
    /// - Throws: when the gateway does not start, or does not get to know the upstream.
    convenience init(_ upstream: ScriptedUpstream, arguments: [String] = [], waits: Bool = true) throws {
        try self.init(["up": upstream.url], arguments: arguments)
        if waits { try waitUntilKnown(upstream) }
    }

    /// Waits until the gateway knows what an upstream is.
    func waitUntilKnown(_ upstream: ScriptedUpstream) throws {
        guard gateway.waitForErrorText("(\(upstream.url)) answers", seconds: 60) else {
            throw ScriptedUpstream.Failure(
                description: "nothing known of \(upstream.url): \(gateway.errorText)"
            )
        }
    }

    /// Opens a connection to the gateway.
    func connect(receiveBuffer: Int32? = nil) throws -> RawConnection {
        try gateway.connect(receiveBuffer: receiveBuffer)
    }

    /// Asks on a connection of its own.
    func ask(_ target: String, _ fields: [String] = []) throws -> RawResponse {
        try connect().exchange("GET", target, fields)
    }

    /// Sends a body on a connection of its own.
    func post(_ target: String, _ body: String, _ fields: [String] = []) throws -> RawResponse {
        let connection = try connect()
        try connection.send("POST", target, ["Content-Length: \(body.utf8.count)"] + fields)
        try connection.send(body)
        return try connection.readResponse()
    }

    /// Asks until the status is the one that is waited for.
    func wait(for status: Int, _ target: String, seconds: Int = 30) -> Bool {
        Deadline(seconds: seconds).wait { (try? ask(target))?.status == status }
    }
}

extension RawResponse {
    /// Whether it is a sentence for people that says what is wrong.
    var isSentence: Bool {
        let type = self["Content-Type"] ?? ""
        return type.hasPrefix("text/plain") && text.split(separator: " ").count > 3 && text.utf8.count < 2000
    }

    /// The directives of Cache-Control.
    var cacheDirectives: Set<String> {
        let members = values("Cache-Control").joined(separator: ",").split(separator: ",")
        return Set(members.map { String($0.drop { $0 == " " }) })
    }

    /// The members of the Vary fields, in lower case.
    var variesBy: Set<String> {
        let members = values("Vary").joined(separator: ",").lowercased().split(separator: ",")
        return Set(members.map { String($0.drop { $0 == " " }) })
    }
}
