import FoundationEssentials

/// The scripts in `Tests/HTTP2Client`, which send the frames of HTTP/2 by hand.
public enum HTTP2Client {
    /// Whether a Python with the modules that the scripts need is there; a line on the output says so when it is not.
    public static let isAvailable = python != nil

    private static let python = Repository.python(with: "hyperframe, hpack")

    /// Runs a case of a script to its end.
    /// - Parameters:
    ///   - script: the script's name without `.py`.
    ///   - name: the case.
    ///   - port: the gateway's port.
    ///   - arguments: the other arguments of the case, each as `name=value`.
    /// - Returns: what the server did.
    /// - Throws: `ChildProcess.Failure` when the script fails or does not end.
    public static func run(
        _ script: String,
        _ name: String,
        port: UInt16,
        _ arguments: [String]
    ) throws -> HTTP2Report {
        let words = ["-B", path(script), name, "127.0.0.1", "\(port)"] + arguments
        let result = try ChildProcess.run(python ?? "python3", words)
        return try report(result.output, error: "\(script).py \(name): \(result.error)")
    }

    /// A case that runs while the test does something else.
    public final class Running {
        private let child: ChildProcess
        private let folder = TemporaryDirectory()

        /// Starts a case; the parameters are those of ``HTTP2Client/run(_:_:port:_:)``.
        public init(
            _ script: String,
            _ name: String,
            port: UInt16,
            _ arguments: [String]
        ) throws {
            let words = ["-B", path(script), name, "127.0.0.1", "\(port)"]
            child = try ChildProcess(
                python ?? "python3",
                words + arguments,
                directory: "/",
                output: folder("output"),
                error: folder("error")
            )
        }

        /// Whether it has come to its end.
        public var hasEnded: Bool { child.hasEnded }

        /// Waits for the end.
        public func report() throws -> HTTP2Report {
            _ = child.waitForEnd(seconds: 120)
            let error = String(decoding: readFile(folder("error")) ?? [], as: UTF8.self)
            return try HTTP2Client.report(readFile(folder("output")) ?? [], error: error)
        }
    }

    private static func path(_ script: String) -> String {
        "\(Repository.root)/Tests/HTTP2Client/\(script).py"
    }

    private static func report(_ output: [UInt8], error: String) throws -> HTTP2Report {
        do {
            return try JSONDecoder().decode(HTTP2Report.self, from: Data(output))
        } catch {
            throw ChildProcess.Failure(description: "no report: \(error)")
        }
    }
}

/// What a server did on one connection.
public struct HTTP2Report: Decodable, Sendable {
    /// A GOAWAY frame.
    public struct GoAway: Decodable, Equatable, Sendable {
        /// The last stream that was or will be answered.
        public let last: Int
        /// The error code.
        public let code: Int

        /// A frame to compare with.
        public init(last: Int, code: Int) {
            self.last = last
            self.code = code
        }
    }

    /// The error codes of RFC 9113 section 7 that the tests know by name.
    public enum Code {
        public static let noError = 0x0
        public static let protocolError = 0x1
        public static let internalError = 0x2
        public static let flowControlError = 0x3
        public static let streamClosed = 0x5
        public static let frameSizeError = 0x6
        public static let refusedStream = 0x7
        public static let cancel = 0x8
        public static let compressionError = 0x9
        public static let enhanceYourCalm = 0xb
    }

    /// The statuses of answers, by stream.
    public let statuses: [Int: Int]
    /// The statuses of interim answers, by stream.
    public let interim: [Int: [Int]]
    /// The lengths of the answers' bodies, by stream.
    public let bodyBytes: [Int: Int]
    /// Streams with a whole answer.
    public let ended: Set<Int>
    /// The error codes of streams that were reset, by stream.
    public let resets: [Int: Int]
    /// The GOAWAY frames in their order.
    public let goaways: [GoAway]
    /// The server's settings, by number.
    public let settings: [Int: Int]
    /// The largest DATA frame.
    public let largestData: Int
    /// Bytes of DATA beyond what the connection's window allowed.
    public let overrun: Int
    /// How the connection ended: "end" in order, "reset", or not at all.
    public let closed: String?
    /// How often the case did what it does again and again; 0 when it does not.
    public let rounds: Int
    /// Bytes that had come at certain points.
    public let steps: [Int]
    /// Whether the connection was still open when something was done.
    public let wasOpen: Bool?

    private enum CodingKeys: CodingKey {
        case statuses, interim, bodyBytes, ended, resets, goaways, settings, largestData, overrun, closed,
            rounds,
            steps
        case wasOpen
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func numbered<Value: Decodable>(_ key: CodingKeys) throws -> [Int: Value] {
            let named = try values.decode([String: Value].self, forKey: key)
            return Dictionary(
                uniqueKeysWithValues: named.compactMap { pair in Int(pair.key).map { ($0, pair.value) } }
            )
        }
        statuses = try numbered(.statuses)
        interim = try numbered(.interim)
        bodyBytes = try numbered(.bodyBytes)
        ended = Set(try values.decode([Int].self, forKey: .ended))
        resets = try numbered(.resets)
        goaways = try values.decode([GoAway].self, forKey: .goaways)
        settings = try numbered(.settings)
        largestData = try values.decode(Int.self, forKey: .largestData)
        overrun = try values.decode(Int.self, forKey: .overrun)
        closed = try values.decodeIfPresent(String.self, forKey: .closed)
        rounds = try values.decodeIfPresent(Int.self, forKey: .rounds) ?? 0
        steps = try values.decodeIfPresent([Int].self, forKey: .steps) ?? []
        wasOpen = try values.decodeIfPresent(Bool.self, forKey: .wasOpen)
    }

    /// The error code of the only GOAWAY frame; `nil` when there is none, or more.
    public var goawayCode: Int? { goaways.count == 1 ? goaways[0].code : nil }
}

extension Repository {
    /// A Python that can import `modules`: the one in `PATH`, or that of the system; `nil`, and a line on the output
    /// that says so, when none can.
    public static func python(with modules: String) -> String? {
        for program in ["python3", "/usr/bin/python3"] {
            let result = try? ChildProcess.run(program, ["-c", "import \(modules)"])
            if result?.ending == .exit(0) { return program }
        }
        print("skipped: no python3 has the modules \(modules)")
        return nil
    }
}
