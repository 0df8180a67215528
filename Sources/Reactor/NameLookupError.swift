import Glibc

/// A host name that could not be looked up.
public struct NameLookupError: Error, Equatable, CustomStringConvertible {
    /// The result of getaddrinfo(3).
    public let code: Int32

    /// Remembers a failure.
    public init(code: Int32) { self.code = code }

    /// Whether the same question may be answered a little later: no name server could be reached.
    public var isTemporary: Bool { code == EAI_AGAIN }

    /// What the C library says about it, for example "Name or service not known".
    public var description: String { unsafe String(cString: gai_strerror(code)) }
}
