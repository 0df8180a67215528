/// Why a value cannot be what an option is set to.
struct ValueRejection: Error, Equatable {
    /// Where in the value the mistake is, such as `[1].name`; empty for the value itself.
    let path: String
    /// What is wrong, as the end of a line that begins with the name of the option.
    let problem: String

    /// A rejection of a value that is not what the option takes.
    init(_ value: OptionValue, expected: String, path: String = "") {
        self.path = path
        problem = "expected \(expected), got \(value.excerpt)"
    }

    /// A rejection of an object for a key that it cannot have.
    init(unknownKey key: String, known: [String], path: String) {
        self.path = path
        problem = "unknown key" + NearestMatch.suggestion(for: key, in: known)
    }

    /// A rejection with a text of its own.
    init(problem: String) {
        path = ""
        self.problem = problem
    }

    /// The rejection of a list for one of its elements.
    init(_ rejection: ValueRejection, atElement index: Int) {
        path = "[\(index)]" + rejection.path
        problem = rejection.problem
    }
}
