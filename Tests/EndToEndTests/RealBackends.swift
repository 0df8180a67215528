import TestSupport
import Testing

/// Real Cellucid servers behind one gateway, each below a mount named after its version.
final class RealBackends {
    let servers: [CellucidServer]
    let gateway: GatewayProcessUnderTest

    /// Starts the gateway and waits until it has found all servers.
    /// - Parameters:
    ///   - servers: the servers, at most one of each version.
    ///   - arguments: more of the gateway's flags.
    /// - Throws: when the gateway does not start or does not find them.
    init(_ servers: [CellucidServer], _ arguments: [String] = []) throws {
        self.servers = servers
        let flags = servers.flatMap { ["--upstream", "\($0.mount)=http://127.0.0.1:\($0.port)"] }
        gateway = try GatewayProcessUnderTest(flags + arguments)
        for server in servers {
            let isFound = try Deadline(seconds: 60).wait {
                try state(of: server)?["generation"]?.text == server.version.dialect && isListed(server)
            }
            try #require(isFound, "\(gateway.errorText)")
        }
    }

    /// Whether viewers can find a dataset of a server.
    func isListed(_ server: CellucidServer) throws -> Bool {
        let datasets = try JSON(ask("/_cellucid/datasets").body)["datasets"]?.elements ?? []
        return datasets.contains { $0["path"]?.text?.hasPrefix("/\(server.mount)") == true }
    }

    /// What the gateway says about a server.
    func state(of server: CellucidServer) throws -> JSON? {
        let document = try JSON(ask("/_gateway/backends").body)
        return document["backends"]?.elements.first { $0["mount"]?.text == server.mount }
    }

    /// Opens the channel of a viewer of 0.9.5, whose server has to welcome it.
    func openChannel(
        _ viewer: String,
        at server: CellucidServer,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> ViewerChannel {
        let channel = try ViewerChannel(gateway, server, viewer: viewer)
        let welcome = try channel.next()
        #expect(welcome == .text("{\"type\":\"welcome\"}"), sourceLocation: sourceLocation)
        return channel
    }

    // MARK: Requests, each on a connection of its own

    /// Asks the gateway.
    func ask(_ target: String, method: String = "GET", _ fields: [String] = []) throws -> RawResponse {
        try gateway.connect().exchange(method, target, fields)
    }

    /// Sends the gateway an event.
    /// - Parameters:
    ///   - event: the event.
    ///   - server: the server below whose mount it is sent; `nil` for the root.
    /// - Returns: the answer.
    /// - Throws: `RawConnection.Failure` when there is none.
    func post(_ event: JSON, at server: CellucidServer? = nil) throws -> RawResponse {
        let connection = try gateway.connect()
        try connection.sendEvent(event.document, to: Self.path(server, "events"))
        return try connection.readResponse(to: "POST")
    }

    /// Sends the gateway a session bundle.
    func upload(
        _ bundle: [UInt8],
        _ request: String,
        of viewer: String,
        token: String? = nil,
        at server: CellucidServer? = nil
    ) throws -> RawResponse {
        let secret = token.map { "&viewerToken=\($0)" } ?? ""
        let query = "?viewerId=\(viewer)&requestId=\(request)\(secret)"
        let connection = try gateway.connect()
        try connection.send(
            "POST",
            Self.path(server, "session_bundle") + query,
            ["Content-Type: application/octet-stream", "Content-Length: \(bundle.count)"]
        )
        try connection.send(bundle)
        return try connection.readResponse(to: "POST")
    }

    private static func path(_ server: CellucidServer?, _ name: String) -> String {
        "\(server.map { "/\($0.mount)" } ?? "")/_cellucid/\(name)"
    }
}

extension RawConnection {
    /// Sends an event as a page does, and does not wait for the answer.
    func sendEvent(_ document: String, to target: String, _ fields: [String] = []) throws(Failure) {
        let body = Array(document.utf8)
        let own = ["Content-Type: application/json", "Content-Length: \(body.count)"]
        try send(Array(request("POST", target, own + fields).utf8) + body)
    }
}

extension RawResponse {
    /// The body as a JSON document.
    var json: JSON? { try? JSON(body) }
}

extension JSON {
    /// The answer to an event that its viewer got.
    static var delivered: JSON { .object(["status": .string("ok"), "delivered": .bool(true)]) }

    /// The answer to an event of a viewer that nobody knows.
    static var notFound: JSON { .object(["status": .string("not_found"), "delivered": .bool(false)]) }
}

extension CellucidServer {
    /// The mount in ``RealBackends``.
    var mount: String { "cells-\(version.rawValue)" }

    /// An event as the page of this version sends it.
    /// - Parameters:
    ///   - type: its type.
    ///   - viewer: whose it is.
    ///   - members: what else is in it.
    /// - Returns: the event, with the viewer's token if there is one.
    func event(_ type: String, of viewer: String, _ members: [String: JSON] = [:]) -> JSON {
        let own: [String: JSON] = ["type": .string(type), "viewerId": .string(viewer)]
        let secret = tokens[viewer].map { ["viewerToken": JSON.string($0)] } ?? [:]
        return .object(own.merging(secret) { $1 }.merging(members) { $1 })
    }

    /// What a callback gets of an event: everything but the token.
    func delivery(_ event: JSON) -> Delivery {
        guard case .object(var members) = event else { return Delivery(viewer: "", event: event) }
        members["viewerToken"] = nil
        return Delivery(viewer: members["viewerId"]?.text ?? "", event: .object(members))
    }
}

extension CellucidServer.Version {
    /// How the gateway names what it speaks.
    var dialect: String { self == .v093 ? "0.9.1" : rawValue }
}
