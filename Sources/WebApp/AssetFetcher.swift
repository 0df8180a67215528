import Bytes
import Codecs
import HTTP
public import Upstream

/// Fetches single files of the web app and looks whether they are what they should be.
public struct AssetFetcher {
    /// A fetched file.
    public struct Asset: Sendable {
        /// The plain content.
        public let content: [UInt8]
        /// The Brotli coding, when the origin had it.
        public let brotli: [UInt8]?
    }

    /// The most bytes of one file.
    public static let longestFile: UInt64 = 256 * 1024 * 1024

    let fetch: Fetch
    /// The server.
    public let origin: Origin

    /// Fetches from `origin` by `fetch`.
    public init(_ fetch: Fetch, origin: Origin) {
        self.fetch = fetch
        self.origin = origin
    }

    /// The URL of a file, for messages.
    public func url(_ path: AssetPath) -> String { "\(origin)\(Self.target(path))" }

    /// Fetches a file.
    /// - Parameters:
    ///   - path: the file.
    ///   - wantsBrotli: whether to ask for the Brotli coding too.
    /// - Returns: `nil` when the origin has no such file: a status of 404 or 410, 403 as object stores answer, or an
    ///   HTML page in place of something else.
    /// - Throws: `BuildFetchError` when it could not be fetched whole.
    public func file(
        _ path: AssetPath,
        wantsBrotli: Bool = false
    ) async throws(BuildFetchError) -> Asset? {
        let answer = try await get(path, coding: "gzip")
        switch answer.status {
        case 200: break
        case 403, 404, 410: return nil
        default: throw .status(answer.status, url: answer.url)
        }
        if let type = answer["Content-Type"], type.lowercased().hasPrefix("text/html"),
            path.fileExtension != "html"
        {
            return nil
        }
        let content = try plainContent(answer)
        guard wantsBrotli, MediaType.forPath(Array(path.text.utf8).span).isCompressible else {
            return Asset(content: content, brotli: nil)
        }
        // Brotli only saves bytes: a file without it is as good.
        let coded = try? await get(path, coding: "br")
        guard let coded, coded.status == 200, coded["Content-Encoding"]?.lowercased() == "br",
            coded.body.count < content.count
        else { return Asset(content: content, brotli: nil) }
        return Asset(content: content, brotli: coded.body)
    }

    /// Whether the origin sends files in the Brotli coding.
    public func offersBrotli() async -> Bool {
        let answer = try? await get(.index, coding: "br")
        return answer?.status == 200 && answer?["Content-Encoding"]?.lowercased() == "br"
    }

    private func get(_ path: AssetPath, coding: String) async throws(BuildFetchError) -> FetchedResponse {
        do throws(UpstreamError) {
            return try await fetch.get(Self.target(path), fields: [("Accept-Encoding", coding)])
        } catch {
            throw .upstream(error)
        }
    }

    private func plainContent(_ answer: FetchedResponse) throws(BuildFetchError) -> [UInt8] {
        switch answer["Content-Encoding"]?.lowercased() {
        case nil, "identity": return answer.body
        case "gzip", "x-gzip":
            do throws(Gzip.Failure) {
                return try Gzip.decompress(answer.body, limit: Int(Self.longestFile))
            } catch {
                throw .mismatch(url: answer.url, reason: "its gzip coding is damaged")
            }
        case let other?:
            throw .mismatch(
                url: answer.url,
                reason: "it came in the coding \(other), which was not asked for"
            )
        }
    }

    private static func target(_ path: AssetPath) -> String {
        "/"
            + path.text.split(separator: "/", omittingEmptySubsequences: false)
            .map { PercentCoding.encode(String($0)) }.joined(separator: "/")
    }
}
