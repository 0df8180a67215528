/// A received answer that is not HTTP as it should be; the connection cannot go on after it.
public struct ResponseError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, in one sentence.
    public let message: StaticString

    /// Makes an error.
    public init(_ message: StaticString) { self.message = message }

    public var description: String { "\(message)" }

    /// Whether both say the same.
    public static func == (left: ResponseError, right: ResponseError) -> Bool {
        left.description == right.description
    }
}
