import Glibc
import Testing

@testable import Reactor

@Suite struct FileProblemTests {
    private struct Failure: FileError, Equatable {
        let path: String
        let error: SystemError

        init(_ path: String, _ error: SystemError) {
            self.path = path
            self.error = error
        }
    }

    @Test(
        arguments: [
            (EROFS, .readOnly, "the file system is read-only"),
            (ENOSPC, .diskFull, "the disk is full"),
            (EDQUOT, .diskFull, "the disk quota is used up"),
            (EFBIG, .diskFull, "the limit of the size of files is reached"),
            (EACCES, .noPermission, "permission denied (open)"),
            (EPERM, .noPermission, "permission denied (open)"),
            (EMFILE, .other, "too many open files (raise the limit, for instance with ulimit -n)"),
            (ENFILE, .other, "too many open files (raise the limit, for instance with ulimit -n)"),
            (EIO, .other, "open: Input/output error"),
        ] as [(Int32, FileProblem.Kind, String)]
    )
    func whatAnErrorMeans(code: Int32, kind: FileProblem.Kind, reason: String) {
        let problem = FileProblem(SystemError(code: code, call: "open"))
        #expect(problem.kind == kind && problem.reason == reason)
    }

    @Test(
        arguments: [
            (ENOENT, true, "no such file or directory"), (ENOTDIR, true, "not a directory"),
            (EACCES, false, "permission denied"),
            (EMFILE, false, "too many open files (raise the limit, for instance with ulimit -n)"),
        ] as [(Int32, Bool, String)]
    )
    func whatAnErrorIs(code: Int32, isMissing: Bool, sentence: String) {
        let error = SystemError(code: code, call: "open")
        #expect(error.isMissing == isMissing && error.sentence == sentence)
    }

    @Test func errorsNameTheirFile() throws {
        #expect(try Failure.naming("folder/file") { () throws(SystemError) in 42 } == 42)
        let error = SystemError(code: EIO, call: "fsync")
        #expect(throws: Failure("folder/file", error)) {
            try Failure.naming("folder/file") { () throws(SystemError) in throw error }
        }
        errno = EIO
        #expect(Failure.last("folder/file", "fsync") == Failure("folder/file", error))
    }
}
