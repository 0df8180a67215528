import Reactor

extension DatasetFiles {
    /// Why the content of a complete folder cannot be served, worded as `BrokenDataset.reason`.
    struct ContentError: Error, Hashable {
        let reason: String
    }

    /// How much of each end of the manifest is searched for its first and last character.
    private static let manifestProbeBytes: UInt64 = 4096

    /// Reads the identity document and checks that the manifest is not cut short.
    static func load(_ directory: DirectoryDescriptor) throws(ContentError) -> DatasetIdentity {
        let bytes: [UInt8]
        do {
            bytes = try FileSystem.withFile(FileName(identity), in: directory) {
                (file, size) throws(SystemError) in
                try file.read(atMost: Int(min(size, maximumIdentityBytes)), at: 0)
            }
        } catch {
            throw ContentError(reason: "\(identity) cannot be read: \(error.sentence)")
        }
        let document: DatasetIdentity
        do {
            document = try DatasetIdentity(json: bytes)
        } catch {
            throw ContentError(reason: "\(identity) \(error.reason)")
        }
        try checkManifest(directory)
        return document
    }

    /// Looks at both ends only: manifests can have hundreds of megabytes.
    private static func checkManifest(_ directory: DirectoryDescriptor) throws(ContentError) {
        let ends: (head: [UInt8], tail: [UInt8])
        do {
            ends = try FileSystem.withFile(FileName(manifest), in: directory) {
                (file, size) throws(SystemError) in
                let count = Int(min(size, manifestProbeBytes))
                let head = try file.read(atMost: count, at: 0)
                let tail = size == count ? head : try file.read(atMost: count, at: Int(size) - count)
                return (head, tail)
            }
        } catch {
            throw ContentError(reason: "\(manifest) cannot be read: \(error.sentence)")
        }
        let head = ends.head.starts(with: [0xEF, 0xBB, 0xBF]) ? ends.head.dropFirst(3) : ends.head[...]
        guard let first = head.first(where: { !isBlank($0) }),
            let last = ends.tail.last(where: { !isBlank($0) })
        else {
            throw ContentError(reason: "\(manifest) is blank")
        }
        guard first == UInt8(ascii: "{") else {
            throw ContentError(reason: "\(manifest) is not a JSON object (it does not start with \"{\")")
        }
        guard last == UInt8(ascii: "}") else {
            throw ContentError(reason: "\(manifest) is cut short (it does not end with \"}\")")
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
