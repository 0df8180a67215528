import TestSupport
import Testing

@testable import Transport

@Suite struct TLSClientContextTests {
    @Test func system() throws { _ = try TLSClientContext(trust: .system) }

    @Test func fileThatIsNotThere() {
        let error = #expect(throws: TLSContextError.self) {
            try TLSClientContext(trust: .systemAnd(path: "/nonexistent/ca.pem"))
        }
        #expect(error?.description == "cannot read /nonexistent/ca.pem: No such file or directory")
    }

    @Test func fileWithoutCertificate() {
        let path = TLSTestFiles.file("empty-trust.pem", "nothing\n")
        let error = #expect(throws: TLSContextError.self) { try TLSClientContext(trust: .only(path: path)) }
        #expect(error == .noCertificate(path: path))
    }
}
