/// A gateway over a folder with one export, which is at `/cells/`.
public final class ServedExport {
    /// The root of datasets.
    public let root = TemporaryDirectory()
    /// The files of the export at the start.
    public let files: [String: [UInt8]]
    /// The gateway.
    public let gateway: GatewayProcessUnderTest

    /// Writes the export and starts the gateway.
    /// - Parameters:
    ///   - files: more files of the export, by their paths in it.
    ///   - arguments: the gateway's flags.
    /// - Throws: when the gateway does not start.
    public init(
        _ files: [String: [UInt8]] = [:],
        arguments: [String] = []
    ) throws(GatewayProcessUnderTest.Failure) {
        var fixture = ExportFixture()
        fixture.files.merge(files) { $1 }
        fixture.write("cells", in: root)
        self.files = fixture.files
        gateway = try GatewayProcessUnderTest([root.path] + arguments)
    }

    /// The path in the file system of a file of the export.
    public func path(_ name: String) -> String { root("cells/" + name) }

    /// Opens a connection to the gateway.
    public func connect(receiveBuffer: Int32? = nil) throws(RawConnection.Failure) -> RawConnection {
        try gateway.connect(receiveBuffer: receiveBuffer)
    }
}
