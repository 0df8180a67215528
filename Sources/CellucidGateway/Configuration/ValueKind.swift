/// How the values of one kind of option are read from text or JSON, and written back as JSON.
struct ValueKind<Value: Sendable>: Sendable {
    /// What a value has to be, as the end of a sentence that begins with "expected".
    let expected: String
    /// Reads a value that the user wrote.
    let read: @Sendable (OptionValue, PathBase) throws(ValueRejection) -> Value
    /// Writes a value in the form that a configuration file may have.
    let write: @Sendable (Value) -> JSONValue

    /// Makes a kind.
    ///
    /// - Parameters:
    ///   - expected: what a value has to be.
    ///   - parse: gives the value, or nil if it is not what was expected; throws if it can say more.
    ///   - write: writes a value in the form that a configuration file may have.
    init(
        expected: String,
        parse: @escaping @Sendable (OptionValue, PathBase) throws(ValueRejection) -> Value?,
        write: @escaping @Sendable (Value) -> JSONValue
    ) {
        self.expected = expected
        read = { value, base throws(ValueRejection) in
            guard let parsed = try parse(value, base) else { throw ValueRejection(value, expected: expected) }
            return parsed
        }
        self.write = write
    }
}

extension ValueKind where Value == Bool {
    /// A truth value.
    static let boolean = Self(expected: "true or false") { value, _ in
        value.boolean
    } write: {
        .boolean($0)
    }
}

extension ValueKind where Value == Int {
    /// A whole number.
    static func integer(in range: ClosedRange<Int>) -> Self {
        Self(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { value, _ in
            value.integer.flatMap { range.contains($0) ? $0 : nil }
        } write: {
            .integer($0)
        }
    }
}

extension ValueKind where Value == Int? {
    /// A whole number, or the word `auto` to leave the choice to the gateway.
    static func automatic(orIn range: ClosedRange<Int>) -> Self {
        Self(expected: ValueKind<Int>.integer(in: range).expected + " or \"auto\"") { value, _ in
            if value.string == "auto" { return .some(nil) }
            guard let number = value.integer, range.contains(number) else { return nil }
            return .some(number)
        } write: {
            $0.map { .integer($0) } ?? .string("auto")
        }
    }
}

extension ValueKind where Value: CaseIterable & RawRepresentable<String> {
    /// One of several words.
    static var choice: Self {
        Self(expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")) { value, _ in
            value.string.flatMap(Value.init(rawValue:))
        } write: {
            .string($0.rawValue)
        }
    }
}

extension ValueKind where Value == String {
    /// A text of a form that a function knows: it gives the text as it is kept, or nil for another form.
    static func text(expected: String, _ normalise: @escaping @Sendable (String) -> String?) -> Self {
        Self(expected: expected) { value, _ in
            value.string.flatMap(normalise)
        } write: {
            .string($0)
        }
    }
}
