/// One scripted exchange from a `.http` file of `Tests/Cases`: what is sent, and what must come back.
///
/// `Tests/Cases/README.md` describes the form.
public struct HTTPCase: Sendable {
    /// What an answer must be like.
    public struct Expectation: Sendable {
        /// One thing to check.
        public enum Check: Sendable, Equatable {
            /// A field with this name has this value.
            case field(String, String)
            /// There is no field with this name.
            case withoutField(String)
            /// The body has this text in it.
            case bodyContains(String)
            /// The body is exactly this text.
            case body(String)
            /// The body has no bytes.
            case emptyBody
            /// The body is this file.
            case bodyIsFile(String)
        }

        /// The status code.
        public var status: Int
        /// Everything else.
        public var checks: [Check] = []
    }

    /// What becomes of the connection in the end.
    public enum Ending: Sendable {
        /// The server ends it.
        case closes
        /// It takes another request.
        case stays
    }

    /// A mistake in a case file.
    public struct SyntaxError: Error, CustomStringConvertible {
        /// What is wrong and where.
        public let description: String
    }

    /// What the case is about.
    public let name: String
    /// The bytes to send.
    public let request: [UInt8]
    /// The answers, in their order.
    public let expectations: [Expectation]
    /// What becomes of the connection after the last answer.
    public let ending: Ending

    /// Reads the cases of a file.
    /// - Parameters:
    ///   - path: the file.
    ///   - host: what `{host}` stands for.
    /// - Returns: the cases in their order.
    /// - Throws: `SyntaxError` with the line at fault.
    public static func read(_ path: String, host: String) throws(SyntaxError) -> [HTTPCase] {
        guard let bytes = readFile(path) else { throw SyntaxError(description: "\(path) cannot be read") }
        let lines = String(decoding: bytes, as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        var cases: [HTTPCase] = []
        var parser: HTTPCaseParser?
        for (index, line) in lines.enumerated() {
            do throws(SyntaxError) {
                if line.hasPrefix("### ") {
                    if let parser { cases.append(try parser.finish()) }
                    parser = HTTPCaseParser(name: String(line.dropFirst(4)), host: host)
                } else if parser != nil {
                    try parser?.take(line)
                }
            } catch {
                throw SyntaxError(description: "\(path):\(index + 1): \(error)")
            }
        }
        if let parser { cases.append(try parser.finish()) }
        return cases
    }
}

/// Puts one case together line by line.
struct HTTPCaseParser {
    private let name: String
    private let host: String
    private var request: [UInt8] = []
    private var isInRequest = true
    private var isStarted = false
    private var expectations: [HTTPCase.Expectation] = []
    private var ending: HTTPCase.Ending?

    init(name: String, host: String) {
        self.name = name
        self.host = host
    }

    mutating func take(_ line: Substring) throws(HTTPCase.SyntaxError) {
        if line.hasPrefix("----") {
            isInRequest = false
            return
        }
        if isInRequest {
            if !isStarted, line.hasPrefix("# ") { return }
            isStarted = true
            try takeRequestLine(line)
        } else if !line.isEmpty {
            try takeExpectation(line)
        }
    }

    func finish() throws(HTTPCase.SyntaxError) -> HTTPCase {
        guard !isInRequest, let ending else {
            throw HTTPCase.SyntaxError(description: "case \"\(name)\" says neither `closes` nor `stays`")
        }
        return HTTPCase(name: name, request: request, expectations: expectations, ending: ending)
    }

    // MARK: The request

    private mutating func takeRequestLine(_ line: Substring) throws(HTTPCase.SyntaxError) {
        var bytes = Array(try expand(line).utf8)
        var isJoined = false
        if bytes.last == UInt8(ascii: "\\"), bytes.dropLast().last != UInt8(ascii: "\\") {
            bytes.removeLast()
            isJoined = true
        }
        request += try unescape(bytes)
        if !isJoined { request += [0x0d, 0x0a] }
    }

    /// Replaces `{host}`, and `{text*count}` by `text` that many times.
    private func expand(_ line: Substring) throws(HTTPCase.SyntaxError) -> String {
        var result = ""
        var rest = line
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            result += rest[..<open]
            let inner = rest[rest.index(after: open)..<close]
            if inner == "host" {
                result += host
            } else if let star = inner.lastIndex(of: "*"), let count = Int(inner[inner.index(after: star)...])
            {
                result += String(repeating: String(inner[..<star]), count: count)
            } else {
                throw HTTPCase.SyntaxError(description: "{\(inner)} means nothing")
            }
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    /// Replaces `\r`, `\n`, `\t`, `\\` and `\xHH`.
    private func unescape(_ bytes: [UInt8]) throws(HTTPCase.SyntaxError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            let letter = index + 1 < bytes.count ? bytes[index + 1] : 0
            index += 2
            switch letter {
            case UInt8(ascii: "r"): result.append(0x0d)
            case UInt8(ascii: "n"): result.append(0x0a)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "\\"): result.append(letter)
            case UInt8(ascii: "x"):
                let digits = String(decoding: bytes[index...].prefix(2), as: UTF8.self)
                guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else {
                    throw HTTPCase.SyntaxError(description: "\\x wants two digits")
                }
                result.append(value)
                index += 2
            default: throw HTTPCase.SyntaxError(description: "unknown escape")
            }
        }
        return result
    }

    // MARK: The expectations

    private mutating func takeExpectation(_ line: Substring) throws(HTTPCase.SyntaxError) {
        if line == "closes" || line == "stays" {
            ending = line == "closes" ? .closes : .stays
        } else if let status = Int(line) {
            expectations.append(HTTPCase.Expectation(status: status))
        } else if let last = expectations.indices.last {
            expectations[last].checks.append(try check(line))
        } else {
            throw HTTPCase.SyntaxError(description: "an expectation comes before the status")
        }
    }

    private func check(_ line: Substring) throws(HTTPCase.SyntaxError) -> HTTPCase.Expectation.Check {
        if line == "empty body" { return .emptyBody }
        if let rest = remainder(of: line, after: "without ") { return .withoutField(rest) }
        if let rest = remainder(of: line, after: "body contains ") { return .bodyContains(rest) }
        if let rest = remainder(of: line, after: "body is file ") { return .bodyIsFile(rest) }
        if let rest = remainder(of: line, after: "body is ") { return .body(rest) }
        guard let colon = line.firstIndex(of: ":") else {
            throw HTTPCase.SyntaxError(description: "this is no expectation")
        }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        return .field(String(line[..<colon]), String(value))
    }

    private func remainder(of line: Substring, after prefix: String) -> String? {
        line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : nil
    }
}
