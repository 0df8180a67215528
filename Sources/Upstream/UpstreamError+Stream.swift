import Transport

extension UpstreamError.Cause {
    /// What a failure of the connection means before anything of the answer has come.
    init(_ error: StreamError) {
        self =
            switch error {
            case .connectionLost, .fileChanged: .connectionLost
            case .tls(let reason): .tls(reason)
            case .certificate(let reason): .certificate(reason)
            case .plainHTTP: .plainHTTP
            }
    }
}
