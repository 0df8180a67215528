import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite struct DescriptorContentTests {
    private let folder = TemporaryDirectory()

    private func open(_ flags: Int32 = O_RDWR | O_CREAT) throws(SystemError) -> Descriptor {
        try Descriptor.open(FileName(folder("file")), flags, mode: 0o600)
    }

    @Test(
        arguments: [
            (0, 0, ""), (10, 0, "0123456789"), (100, 0, "0123456789"), (3, 4, "456"), (3, 8, "89"),
            (3, 10, ""),
            (3, 99, ""),
        ]
    )
    func reading(count: Int, offset: Int, expected: String) throws {
        folder.write("file", "0123456789")
        #expect(try open().read(atMost: count, at: offset) == Array(expected.utf8))
    }

    @Test func writingAtPlaces() throws {
        let file = try open()
        try file.write(Array("world".utf8).span, at: 6)
        try file.write(Array("hello ".utf8).span, at: 0)
        try file.write([UInt8]().span, at: 1000)
        #expect(try file.read(atMost: 100, at: 0) == Array("hello world".utf8))
        try file.truncate(to: 5)
        try file.truncate(to: 6)
        #expect(try file.read(atMost: 100, at: 0) == Array("hello\0".utf8))
    }

    @Test func manyBytes() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let file = try open()
        try file.write(bytes.span, at: 17)
        try file.synchronizeData()
        try file.synchronize()
        #expect(try file.status().version.size == 3_000_017)
        #expect(try file.read(atMost: 4_000_000, at: 17) == bytes)
    }

    @Test func whatIsNotOpenForThat() throws {
        let writeOnly = try open(O_WRONLY | O_CREAT)
        #expect(throws: SystemError(code: EBADF, call: "pread")) { try writeOnly.read(atMost: 1, at: 0) }
        let readOnly = try open(O_RDONLY)
        #expect(throws: SystemError(code: EBADF, call: "write")) {
            try readOnly.write(Array("x".utf8).span, at: 0)
        }
        #expect(throws: SystemError(code: EINVAL, call: "ftruncate")) { try readOnly.truncate(to: 0) }
    }

    @Test func whatCannotWaitForADisk() throws {
        let null = try Descriptor.open(FileName("/dev/null"), O_WRONLY)
        #expect(throws: SystemError(code: EINVAL, call: "fsync")) { try null.synchronize() }
        #expect(throws: SystemError(code: EINVAL, call: "fdatasync")) { try null.synchronizeData() }
    }

    @Test func aFullDisk() throws {
        let full = try Descriptor.open(FileName("/dev/full"), O_WRONLY)
        #expect(throws: SystemError(code: ENOSPC, call: "write")) {
            try full.write(Array("x".utf8).span, at: 0)
        }
    }
}
