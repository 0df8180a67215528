import Testing

@testable import HTTP

@Suite struct MethodTests {
    @Test(
        arguments: [
            ("GET", .get, true), ("HEAD", .head, true), ("POST", .post, false), ("PUT", .put, false),
            ("DELETE", .delete, false), ("OPTIONS", .options, true), ("PATCH", .patch, false),
            ("TRACE", .trace, true),
            ("CONNECT", .connect, false), ("get", .other, false), ("GETX", .other, false),
            ("", .other, false),
        ] as [(String, Method, Bool)]
    )
    func table(name: String, method: Method, isSafe: Bool) {
        #expect(Method(Array(name.utf8).span) == method)
        #expect(method.isSafe == isSafe)
    }
}
