import HTTP

/// A fetched answer.
public struct FetchedResponse: Sendable {
    /// The URL that answered, after redirects.
    public let url: String
    /// The status code.
    public let status: Int
    /// The fields in the order received.
    public let fields: [(name: String, value: String)]
    /// The body of a 2xx answer; empty for other answers, and when it went into a sink.
    public let body: [UInt8]

    init(_ head: ResponseHead, url: URLText, body: [UInt8]) {
        self.url = url.description
        status = Int(head.status.code)
        fields = head.fieldTexts
        self.body = body
    }

    /// The value of the first field of that name, without regard to case; `nil` when there is none.
    public subscript(name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { $0.name.lowercased() == wanted }?.value
    }
}
