import Reactor

/// Which proxy leads to which origin, as the environment says and as curl understands it.
///
/// `https_proxy` or `HTTPS_PROXY` is for https origins, `http_proxy` for http ones (in lower case only, as a CGI
/// program gets `HTTP_PROXY` from its client), `all_proxy` or `ALL_PROXY` for what has none, and `no_proxy` or `NO_PROXY`
/// lists the hosts that are reached directly.
public struct ProxySettings: Sendable, Equatable {
    private var forHTTP: Proxy?
    private var forHTTPS: Proxy?
    private var exceptions = ProxyExceptions("")

    /// Settings without any proxy.
    public init() {}

    /// Reads the environment.
    /// - Parameter environment: the process's variables.
    /// - Throws: `UpstreamError` with the cause `.proxy` that names a variable that cannot be used.
    public init(environment: [String: String]) throws(UpstreamError) {
        let all = try Self.proxy(["all_proxy", "ALL_PROXY"], environment)
        forHTTP = try Self.proxy(["http_proxy"], environment) ?? all
        forHTTPS = try Self.proxy(["https_proxy", "HTTPS_PROXY"], environment) ?? all
        exceptions = ProxyExceptions(Self.value(["no_proxy", "NO_PROXY"], environment)?.text ?? "")
    }

    /// The proxy for `origin`; `nil` when it is reached directly.
    public func proxy(for origin: Origin) -> Proxy? {
        guard let proxy = origin.scheme == .http ? forHTTP : forHTTPS,
            !exceptions.contain(host: origin.host, port: origin.port)
        else { return nil }
        return proxy
    }

    private static func value(
        _ names: [String],
        _ environment: [String: String]
    ) -> (name: String, text: String)? {
        for name in names {
            if let text = environment[name], !text.isEmpty { return (name, text) }
        }
        return nil
    }

    private static func proxy(
        _ names: [String],
        _ environment: [String: String]
    ) throws(UpstreamError) -> Proxy? {
        guard let (name, text) = value(names, environment) else { return nil }
        return try Proxy(text, from: name)
    }
}
