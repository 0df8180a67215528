import Bytes

/// The members of an event that the gateway looks at (contract 3.2).
enum EventMemberName: Int {
    case viewerID
    case type
    case viewerToken

    /// Which one a name is; `nil` for any other.
    init?(_ name: Span<UInt8>) {
        switch name.count {
        case 8 where name.equals("viewerId"): self = .viewerID
        case 4 where name.equals("type"): self = .type
        case 11 where name.equals("viewerToken"): self = .viewerToken
        default: return nil
        }
    }
}
