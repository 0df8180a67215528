import Bytes
import HTTP

extension RequestHead {
    /// The token of `Authorization: Bearer TOKEN` (RFC 6750 section 2.1); `nil` without one, or with several fields.
    func bearerToken() -> String? {
        guard count(of: .authorization) == 1, let value = value(.authorization), value.count > 7,
            value.extracting(0..<7).equalsIgnoringCase("bearer ")
        else { return nil }
        return value.extracting(7..<value.count).trimmed().text()
    }
}
