import HTTP
import Testing

@testable import CellucidGateway

@Suite struct QueryParametersTests {
    private func parameters(_ target: String) throws -> QueryParameters {
        let head = RequestHead()
        var parser = RequestParser()
        let bytes = Array("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(try parser.parse(bytes.span, into: head) == bytes.count)
        return QueryParameters(head)
    }

    @Test(
        arguments: [
            ("/", nil), ("/?", nil), ("/?a=1", "1"), ("/?b=2&a=1", "1"), ("/?a=1&a=2", "1"),
            ("/?a=&a=2", "2"),
            ("/?a", nil), ("/?a=", nil), ("/?A=1", nil), ("/?a=b=c", "b=c"), ("/?a=x+y", "x y"),
            ("/?a=x%2By%26z", "x+y&z"), ("/?%61=1", "1"), ("/?a=%E2%82%AC", "€"), ("/?a=%zz&a=3", "3"),
            ("/?&&a=1&", "1"), ("/?=1", nil),
        ] as [(String, String?)]
    )
    func value(target: String, value: String?) throws {
        #expect(try parameters(target)["a"] == value)
    }
}
