import Testing

@testable import HTTP

@Suite struct AcceptEncodingTests {
    private func acceptsGzip(_ value: String) -> Bool { AcceptEncoding(Array(value.utf8).span).acceptsGzip }

    @Test(
        arguments: [
            ("", false), ("gzip", false), ("br", true), ("BR", true), ("*", true), ("br;q=0", false),
            ("gzip, deflate, br, zstd", true), ("br;q=0, *", false), ("brotli", false),
            ("br;q=0.5, identity", false),
        ]
    )
    func brotli(value: String, accepted: Bool) {
        #expect(AcceptEncoding(Array(value.utf8).span).acceptsBrotli == accepted)
    }

    @Test(
        arguments: [
            ("", false),
            (" ", false),
            ("gzip", true),
            ("GZip", true),
            ("x-gzip", true),
            ("X-GZIP", true),
            ("*", true),
            ("identity", false),
            ("br", false),
            ("deflate, br, zstd", false),
            ("gzip, deflate, br, zstd", true),
            ("deflate,gzip;q=1.0,*;q=0.5", true),
            ("br;q=1.0, gzip;q=0.8, *;q=0.1", true),
            ("compress, gzip", true),
            ("gzip;q=0", false),
            ("gzip;q=0.", false),
            ("gzip;q=0.0", false),
            ("gzip;q=0.000", false),
            ("gzip;q=0.001", true),
            ("gzip;q=1.000", true),
            ("gzip;Q=0.5", true),
            ("gzip ; q=0.5", true),
            ("gzip\t;\tq=0", false),
            ("*;q=0", false),
            ("*;q=0.1", true),
            ("gzip;q=0, *", false),
            ("*, gzip;q=0", false),
            ("*;q=0, gzip", true),
            ("gzip;q=0, x-gzip;q=0, *;q=1", false),
            ("identity;q=1, gzip;q=0", false),
            ("identity;q=1, gzip;q=0.5", false),
            ("gzip;q=0.5, identity;q=1", false),
            ("identity;q=0.5, gzip;q=0.5", true),
            ("identity;q=0.5, gzip", true),
            ("identity, gzip", true),
            ("identity;q=0, gzip;q=0.1", true),
            ("identity;q=0.501, *;q=0.5", false),
            ("gzipped", false),
            ("agzip", false),
            ("gzip x", false),
            (",,gzip,,", true),
            ("notgzip, gzip;q=0", false),
        ]
    )
    func gzip(value: String, accepted: Bool) {
        #expect(acceptsGzip(value) == accepted)
    }

    @Test(arguments: [
        "gzip;",
        "gzip;q",
        "gzip;q=",
        "gzip;q=2",
        "gzip;q=1.001",
        "gzip;q=1.5",
        "gzip;q=0.1234",
        "gzip;q=-1",
        "gzip;q=.5",
        "gzip;q = 1",
        "gzip;q=\"1\"",
        "gzip;level=9",
        "gzip;q=0x1",
        "gzip;;q=1",
        ";q=1",
    ])
    func malformedMembersCountForNothing(value: String) {
        #expect(!acceptsGzip(value))
        #expect(acceptsGzip("\(value), *;q=0.5"))
    }
}
