import TestSupport
import Testing

/// A viewer that a test has registered, as the script that follows it and the page that feeds it see it.
struct SubscribedViewer {
    /// A request for a session bundle.
    struct BundleRequest {
        let id: String
        /// The URL for the page, without scheme and authority.
        let upload: String
    }

    /// What a session bundle begins with.
    static let magic = Array("CELLUCID_SESSION\n".utf8)

    let port: UInt16
    let id: String
    let secret: String

    /// Registers a viewer.
    init(_ id: String, at port: UInt16) throws {
        let answer = try RawConnection(port: port).exchange("PUT", "/_gateway/viewers/\(id)")
        try #require(answer.status == 201, "\(answer.text)")
        self.port = port
        self.id = id
        secret = try #require(try JSON(answer.body)["secret"]?.text)
    }

    /// The path of something of the viewer.
    func path(_ rest: String = "") -> String { "/_gateway/viewers/\(id)\(rest)" }

    /// The field that proves that the viewer is the script's.
    var authorization: String { "Authorization: Bearer \(secret)" }

    /// Sends a request with the secret.
    func ask(_ method: String, _ rest: String, _ fields: [String] = []) throws -> RawResponse {
        try RawConnection(port: port).exchange(method, path(rest), fields + [authorization])
    }

    // MARK: Events

    /// An event of the viewer, with any number.
    func event(_ number: Int, padding: Int = 0) -> String {
        let rest = padding > 0 ? ",\"padding\":\"\(String(repeating: "x", count: padding))\"" : ""
        return "{\"type\":\"hover\",\"viewerId\":\"\(id)\",\"cell\":\(number)\(rest)}"
    }

    /// Posts an event as a page does, and expects that it is taken.
    func post(_ numbers: some Sequence<Int>, padding: Int = 0) throws {
        let connection = try RawConnection(port: port)
        for number in numbers {
            let answer = try connection.post("/_cellucid/events", event(number, padding: padding))
            try #require(answer.status == 200, "\(answer.text)")
            try #require(answer.text == "{\"status\":\"ok\",\"delivered\":true}")
        }
    }

    /// Opens a stream of events.
    func follow(
        after cursor: String? = nil,
        receiveBuffer: Int32? = nil,
        timeoutSeconds: Int = 30
    ) throws -> EventStreamReader {
        let connection = try RawConnection(
            port: port,
            receiveBuffer: receiveBuffer,
            timeoutSeconds: timeoutSeconds
        )
        try connection.send(
            "GET",
            path("/events"),
            [authorization] + (cursor.map { ["Last-Event-ID: \($0)"] } ?? [])
        )
        return try EventStreamReader(connection)
    }

    /// Asks for events once.
    func poll(_ query: String) throws -> JSON {
        let answer = try ask("GET", "/events?\(query)")
        try #require(answer.status == 200, "\(answer.text)")
        return try JSON(answer.body)
    }

    // MARK: Session bundles

    /// Asks for a session bundle.
    func requestBundle(_ body: String = "") throws -> BundleRequest {
        let answer = try RawConnection(port: port).post(path("/session-requests"), body, [authorization])
        try #require(answer.status == 201, "\(answer.text)")
        let document = try JSON(answer.body)
        return BundleRequest(
            id: try #require(document["requestId"]?.text),
            upload: try #require(document["upload"]?.text)
        )
    }

    /// Uploads a session bundle as the page does.
    func upload(_ bundle: [UInt8], for request: BundleRequest) throws -> RawResponse {
        let connection = try RawConnection(port: port)
        try connection.send("POST", request.upload, ["Content-Length: \(bundle.count)"])
        try connection.send(bundle)
        return try connection.readResponse(to: "POST")
    }

    /// The last event, which must be one of a session bundle.
    func lastBundleEvent() throws -> JSON {
        let last = try #require(try poll("wait=0")["events"]?.elements.last?["event"])
        try #require(last["type"]?.text == "session_bundle")
        return last
    }
}

extension RawConnection {
    /// Sends a request with a body and reads the answer.
    func post(_ target: String, _ body: String, _ fields: [String] = []) throws -> RawResponse {
        try send(request("POST", target, fields + ["Content-Length: \(body.utf8.count)"]) + body)
        return try readResponse(to: "POST")
    }
}
