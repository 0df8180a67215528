/// An argument of a test that stands in the output by a name, because it is too long to be printed.
public struct Named<Value: Sendable>: Sendable, CustomStringConvertible {
    /// The name.
    public let description: String
    /// The argument itself.
    public let value: Value

    /// Gives an argument a name.
    public init(_ name: String, _ value: Value) {
        description = name
        self.value = value
    }
}
