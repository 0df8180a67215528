import Reactor
import Testing

@testable import CellucidGateway

@Suite struct BannerTests {
    private func urls(_ host: String, basePath: String = "/", isTLS: Bool = false) throws -> [String] {
        var configuration = ConfigurationFixture.defaults
        configuration.basePath = basePath
        if isTLS { configuration.tls = [TLSCertificateOption(certificate: "/c.pem")] }
        return Banner.urls(configuration, try #require(SocketAddress(host: host, port: 8765)))
    }

    @Test func oneAddress() throws {
        #expect(try urls("127.0.0.1") == ["http://127.0.0.1:8765/"])
        #expect(try urls("192.0.2.1", basePath: "/cells/") == ["http://192.0.2.1:8765/cells/"])
        #expect(try urls("::1") == ["http://[::1]:8765/"])
        #expect(try urls("127.0.0.1", isTLS: true) == ["https://127.0.0.1:8765/"])
    }

    /// The address that stands for all is none that a browser can open.
    @Test(arguments: ["0.0.0.0", "::"]) func allAddresses(host: String) throws {
        let urls = try urls(host)
        #expect(urls.first == "http://127.0.0.1:8765/")
        #expect(!urls.contains { $0.contains("0.0.0.0") || $0.contains("[::]") || $0.contains("fe80") })
        #expect(Set(urls).count == urls.count)
        if host == "0.0.0.0" { #expect(!urls.contains { $0.contains("[") }) }
    }
}
