/// A line of an access log in JSON.
public struct AccessEntry: Decodable, Equatable, Sendable {
    public let time: String
    public let peer: String
    public let method: String
    public let path: String
    public let version: String
    public let status: Int
    public let bytes: Int
    public let milliseconds: Double
    public let userAgent: String
}
