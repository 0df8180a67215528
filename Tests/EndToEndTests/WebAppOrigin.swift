import TestSupport

/// A program `Tests/WebApp/origin.py`: the origin of a web app, or a proxy.
final class WebAppOrigin: ServerScript {
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

    private static let path = "WebApp/origin.py"
    private static let python = Repository.python(with: "ssl")

    /// A folder for builds that are published.
    let builds = TemporaryDirectory()

    private var published: String?

    /// Starts an origin of the first build by HTTPS.
    /// - Parameters:
    ///   - hasInventory: whether there is an inventory with hashes.
    ///   - certificate: what it shows.
    /// - Throws: when it does not start.
    init(hasInventory: Bool = false, certificate: WebAppCertificates.Kind = .trusted) throws {
        let app = WebAppFixture.write(in: builds)
        let chain = try WebAppCertificates.chain(certificate)
        try super.init(
            Self.path,
            python: Self.python ?? "python3",
            ["--folder", app, "--certificate", chain] + (hasInventory ? ["--inventory"] : [])
        )
        try start()
    }

    /// Starts a proxy.
    /// - Parameters:
    ///   - user: the name and password that it asks for, with a colon between them; `nil` for none.
    ///   - map: where it leads connections instead of their targets.
    /// - Throws: when it does not start.
    init(proxyFor user: String?, map: [String] = []) throws {
        try super.init(
            Self.path,
            python: Self.python ?? "python3",
            ["--connect-proxy"] + (user.map { ["--user", $0] } ?? []) + map.flatMap { ["--map", $0] }
        )
        try start()
    }

    /// What gateways are told.
    var url: String { "https://localhost:\(port)" }

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
        behave("{\(members.joined(separator: ", "))}")
    }

    // MARK: What it saw

    /// All requests so far, in the order of their answers.
    var requests: [Request] {
        log.compactMap { entry in
            guard let method = entry["method"]?.text, let path = entry["path"]?.text,
                case .number(let status)? = entry["status"],
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
