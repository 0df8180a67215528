import TestSupport
import Testing

/// The scripted exchanges of `Tests/Cases`.
struct HTTPCaseTests {
    private static let folder = Repository.root + "/Tests/Cases"
    private static let files = Repository.names(in: folder).filter { $0.hasSuffix(".http") }

    @Test("The case files are there")
    func caseFilesAreThere() { #expect(Self.files.count >= 10) }

    @Test("Every exchange goes as its case says", arguments: files)
    func exchanges(file: String) throws {
        let gateway = try GatewayProcessUnderTest([Repository.demo])
        let cases = try HTTPCase.read("\(Self.folder)/\(file)", host: "127.0.0.1:\(gateway.port)")
        #expect(!cases.isEmpty)
        for exchange in cases { perform(exchange, gateway) }
        #expect(!gateway.hasEnded)
    }

    private func perform(_ exchange: HTTPCase, _ gateway: GatewayProcessUnderTest) {
        do {
            try run(exchange, gateway.connect())
        } catch {
            Issue.record("\(exchange.name): \(error)")
        }
    }

    private func run(_ exchange: HTTPCase, _ connection: RawConnection) throws {
        try connection.send(exchange.request)
        let isHead = exchange.request.starts(with: Array("HEAD ".utf8))
        for expectation in exchange.expectations {
            let response = try connection.readResponse(to: isHead ? "HEAD" : "GET")
            check(response, expectation, exchange.name)
        }
        switch exchange.ending {
        case .closes:
            let isEnd = try connection.endsWithoutMore()
            #expect(isEnd, "\(exchange.name): the connection ends")
        case .stays:
            let next = try connection.exchange("GET", "/_cellucid/info")
            #expect(next.status == 200, "\(exchange.name): the next request is answered")
            #expect(next.text.contains("\"mode\""), "\(exchange.name): the next answer is the right one")
            #expect(connection.pending.isEmpty, "\(exchange.name): there is no answer too many")
        }
    }

    private func check(_ response: RawResponse, _ expectation: HTTPCase.Expectation, _ name: String) {
        #expect(response.status == expectation.status, "\(name): \(response.text)")
        for check in expectation.checks {
            switch check {
            case .field(let field, let value): #expect(response.values(field) == [value], "\(name): \(field)")
            case .withoutField(let field): #expect(response[field] == nil, "\(name): \(field)")
            case .bodyContains(let text): #expect(response.text.contains(text), "\(name)")
            case .body(let text): #expect(response.text == text + "\n", "\(name)")
            case .emptyBody: #expect(response.body.isEmpty, "\(name)")
            case .bodyIsFile(let path):
                #expect(response.body == readFile("\(Repository.demo)/\(path)"), "\(name): \(path)")
            }
        }
    }
}
