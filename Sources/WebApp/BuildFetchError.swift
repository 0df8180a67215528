public import Upstream

/// Why a build could not be fetched.
public enum BuildFetchError: Error, CustomStringConvertible {
    /// The origin could not be asked, or gave no proper answer.
    case upstream(UpstreamError)
    /// A file that must be there came with another status.
    case status(Int, url: String)
    /// The page is none of the web app's.
    case notAPage(url: String, reason: String)
    /// The origin's inventory cannot be used.
    case inventory(String)
    /// A file is not what the inventory says.
    case mismatch(url: String, reason: String)
    /// The build changed again and again while it was being fetched.
    case unsettled
    /// The build is too large.
    case tooLarge(bytes: UInt64)
    /// What was fetched could not be kept.
    case store(BuildStoreError)

    /// One line with the URL or file, and what happened.
    public var description: String {
        switch self {
        case .upstream(let error): error.description
        case .status(let status, let url): "\(url): the server answered with status \(status)"
        case .notAPage(let url, let reason): "\(url): not the page of a Cellucid web app: \(reason)"
        case .inventory(let reason): "cellucid-web-assets.json: \(reason)"
        case .mismatch(let url, let reason): "\(url): \(reason)"
        case .unsettled: "the web app changed again and again while it was being fetched"
        case .tooLarge(let bytes): "the web app has more than \(bytes) bytes"
        case .store(let error): error.description
        }
    }
}
