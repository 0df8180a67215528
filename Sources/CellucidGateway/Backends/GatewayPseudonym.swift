import Bytes
import HTTP

/// What gateways call themselves in the Via field (RFC 9110 section 7.6.3), each by another name.
enum GatewayPseudonym {
    /// What all names begin with.
    private static let prefix: StaticString = "cellucid-gateway-"

    /// A name that no other gateway has.
    static func make() -> [UInt8] {
        Array("\(prefix)\(String(UInt32.random(in: 0 ... .max), radix: 16))".utf8)
    }

    /// Whether a gateway has sent a request, or passed it on.
    static func isNamed(by request: RequestHead) -> Bool {
        guard request.has(.via) else { return false }
        for index in 0..<request.fieldCount where request.knownName(at: index) == .via {
            if request.value(at: index).contains(prefix) { return true }
        }
        return false
    }

    /// Whether a gateway has made an answer to another one.
    static func isNamed(by answer: ResponseHead) -> Bool {
        for index in 0..<answer.fieldCount where answer.knownName(at: index) == .via {
            if answer.value(at: index).contains(prefix) { return true }
        }
        return false
    }
}
