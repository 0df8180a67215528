import Glibc
import TestSupport
import Testing

/// A gateway with a web app, which can be started again and again over one cache folder.
final class ServedWebApp {
    /// The cache folder's parent.
    let folder = TemporaryDirectory()
    /// Where the web app comes from.
    let origin: WebAppOrigin
    /// The gateway that was started last.
    private(set) var gateway: GatewayProcessUnderTest

    private let arguments: [String]
    private let environment: [String: String]
    private let wrapper: [String]

    /// Starts a gateway over the datasets for trying things out; nothing is waited for but its port.
    /// - Parameters:
    ///   - origin: where the web app comes from.
    ///   - url: what the gateway is told about that, if it is not the origin's own address.
    ///   - cache: the cache folder; `nil` for one of its own.
    ///   - namesCache: whether the gateway is told about that folder.
    ///   - arguments: more flags.
    ///   - environment: more variables.
    ///   - wrapper: a command that becomes the gateway, whose command line follows its own words.
    /// - Throws: when it does not start.
    init(
        _ origin: WebAppOrigin,
        url: String? = nil,
        cache: String? = nil,
        namesCache: Bool = true,
        arguments: [String] = [],
        environment: [String: String] = [:],
        wrapper: [String] = []
    ) throws {
        self.origin = origin
        self.cache = cache ?? folder("cache")
        self.arguments =
            [
                Repository.demo, "--web-app-origin", url ?? origin.url, "--web-app-ca",
                try WebAppCertificates.authority(),
            ] + (namesCache ? ["--cache-dir", self.cache] : []) + arguments
        self.environment = environment
        self.wrapper = wrapper
        gateway = try GatewayProcessUnderTest(
            self.arguments,
            environment: environment,
            hasWebApp: true,
            wrapper: wrapper
        )
    }

    /// The cache folder.
    let cache: String

    /// The folder of the web app's builds.
    var store: String { cache + "/web-app/default" }

    // MARK: The gateway

    /// Stops the gateway and starts it again.
    func restart() throws {
        try stop()
        try start()
    }

    /// Stops the gateway, which must end in order.
    func stop() throws {
        gateway.send(signal: SIGTERM)
        let ending = try #require(gateway.waitForEnd(), "the gateway does not end: \(gateway.errorText)")
        #expect(ending == .exit(0))
    }

    /// Starts the gateway again.
    /// - Parameter arguments: more flags than before.
    /// - Throws: when it does not start.
    func start(_ arguments: [String] = []) throws {
        gateway = try GatewayProcessUnderTest(
            self.arguments + arguments,
            environment: environment,
            hasWebApp: true,
            wrapper: wrapper
        )
    }

    /// How often the gateway has written a text to its log since it was started.
    func logCount(_ text: String) -> Int { gateway.errorText.ranges(of: text).count }

    /// Asks for a target on a new connection.
    func get(_ target: String, _ fields: [String] = [], method: String = "GET") throws -> RawResponse {
        try gateway.connect().exchange(method, target, fields)
    }

    // MARK: Its web app

    /// What the gateway tells about a web app.
    func status(_ name: String = "default") throws -> JSON {
        // There is nothing to tell in the first moment of a gateway's life.
        let app: JSON? = try Deadline(seconds: 30).firstAnswer {
            let document = try JSON(get("/_gateway/web-app").body)
            return document["apps"]?.elements.first { $0["name"]?.text == name }
        }
        return try #require(app, "no web app \(name): \(gateway.errorText)")
    }

    /// What the page of the current build calls it; `nil` when there is none.
    func build(_ name: String = "default") throws -> String? { try status(name)["build"]?["buildId"]?.text }

    /// Asks for the status of a web app until it says what is waited for.
    /// - Returns: what `answer` made of it.
    func wait<Answer>(_ name: String = "default", seconds: Int = 90, for answer: (JSON) throws -> Answer?)
        throws
        -> Answer
    {
        var last = JSON.null
        let found: Answer? = try Deadline(seconds: seconds).firstAnswer {
            last = try status(name)
            if let found = try answer(last) { return found }
            usleep(20_000)
            return nil
        }
        return try #require(found, "\(last) \(gateway.errorText)")
    }

    /// Waits until that build is the current one.
    /// - Returns: its identifier.
    @discardableResult
    func waitForBuild(_ build: String = WebAppFixture.first, _ name: String = "default") throws -> String {
        try wait(name) { status in
            status["build"]?["buildId"]?.text == build ? status["build"]?["id"]?.text : nil
        }
    }

    /// Waits until the origin has been asked at all since the start, with or without success.
    /// - Returns: why that failed; empty when it did not.
    @discardableResult
    func waitForCheck(_ name: String = "default") throws -> String {
        try wait(name) { status in status["lastCheck"]?.text == nil ? nil : status["lastError"]?.text ?? "" }
    }

    /// Makes the gateway ask its origin now, and waits for what comes of it.
    /// - Returns: why it failed; empty when it did not.
    func check() throws -> String {
        let last = try status()["lastCheck"]?.text
        // The time of a check has whole seconds.
        sleep(2)
        gateway.send(signal: SIGHUP)
        return try wait { status in
            status["lastCheck"]?.text == last ? nil : status["lastError"]?.text ?? ""
        }
    }

    /// Makes the gateway ask its origin now, which must fail where it has not failed before.
    /// - Returns: why it failed.
    func failingCheck() throws -> String {
        gateway.send(signal: SIGHUP)
        return try wait { status in status["lastError"]?.text }
    }

    /// Makes the gateway ask its origin until it has that build.
    /// - Returns: the build's identifier.
    @discardableResult
    func update(to build: String) throws -> String {
        // A signal that comes in the middle of a check changes nothing.
        for _ in 0..<10 {
            gateway.send(signal: SIGHUP)
            let isCurrent = try Deadline(seconds: 6).wait {
                usleep(20_000)
                return try self.build() == build
            }
            if isCurrent { break }
        }
        return try waitForBuild(build)
    }

    /// Checks that every file of a build is served as it is.
    /// - Parameters:
    ///   - build: what the page calls the build.
    ///   - prefix: where it is, such as `/` or `/@0123456789abcdef/`.
    ///   - except: paths that are left out, as the page is, which is never served as it is.
    /// - Throws: when the gateway gives no answer.
    func expectFiles(of build: String, at prefix: String = "/", except: [String] = WebAppFixture.onDemand)
        throws
    {
        let connection = try gateway.connect()
        for (path, content) in WebAppFixture.files(build) where path != "index.html" && !except.contains(path)
        {
            let answer = try connection.exchange("GET", prefix + path)
            #expect(answer.status == 200, "\(prefix)\(path)")
            #expect(answer.body == content, "\(prefix)\(path) is not that of \(build)")
        }
    }

    /// The manifest of a build on the disk.
    func manifest(_ id: String) throws -> JSON {
        try JSON(try #require(readFile("\(store)/builds/\(id)/build.json"), "no build.json of \(id)"))
    }

    /// The paths of the files of a build on the disk.
    func manifestPaths(_ id: String) throws -> [String] {
        try manifest(id)["files"]?.elements.compactMap { $0["path"]?.text } ?? []
    }
}
