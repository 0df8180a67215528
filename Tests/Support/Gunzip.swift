/// Takes the gzip coding off, by the system's `gzip` program.
/// - Returns: the plain bytes, or `nil` when the coding is damaged or cut short.
public func gunzip(_ coded: [UInt8]) throws(ChildProcess.Failure) -> [UInt8]? {
    let folder = TemporaryDirectory()
    folder.write("coded.gz", coded)
    let result = try ChildProcess.run("gzip", ["-dc", folder("coded.gz")])
    return result.ending == .exit(0) ? result.output : nil
}
