/// The version of the gateway.
enum Version {
    /// The version of this build, as `gateway --version` prints it.
    static let current = "0.1.0"
}
