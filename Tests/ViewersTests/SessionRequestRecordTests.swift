import TestSupport
import Testing

@testable import Viewers

/// Open requests for session bundles on the disk.
@Suite struct SessionRequestRecordTests {
    private static let digits = "0123456789abcdef0123456789abcdef"

    private let folder = TemporaryDirectory()
    private let now = EventLogFixture.now
    private var path: String { folder("store") }

    private func subscriber(_ name: String) throws -> SubscriberRecord {
        SubscriberRecord(id: try #require(ViewerID(name)), secret: SecretHash(of: "secret"), created: now)
    }

    /// The names of a viewer's folder, as the test sees them.
    private func names(_ id: ViewerID) -> [String] {
        Repository.names(in: "\(path)/\(SubscriberFolder.name(id))").filter {
            $0 != "subscriber" && $0 != "events"
        }
    }

    @Test func namesSayEverything() throws {
        let record = SessionRequestRecord(expires: now)
        #expect(record.requestID.text.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(record.requestID != SessionRequestRecord(expires: now).requestID)
        #expect(SessionRequestRecord(fileName: record.fileName) == record)
        let other = try #require(SessionRequestRecord(fileName: "\(Self.digits)-0.request"))
        #expect(other.requestID.text == Self.digits && other.expires == 0)
    }

    @Test(arguments: [
        "", ".request", "-.request", "\(digits).request", "\(digits)-.request", "\(digits)-5",
        "\(digits)--5.request",
        "\(digits)-+5.request", "\(digits)-05.request", "\(digits)-5-5.request", "\(digits)-x.request",
        "\(digits)-5.request.part", "\(digits)0-5.request", "\(digits.dropLast())g-5.request",
        "\(digits.uppercased())-5.request", "\(digits)-9223372036854775808.request",
    ])
    func otherNames(name: String) { #expect(SessionRequestRecord(fileName: name) == nil) }

    @Test func survivesTheProcess() throws {
        let (one, other) = (try subscriber("v"), try subscriber("w/ü?"))
        let requests = (0..<3).map { SessionRequestRecord(expires: now + $0) }
        do {
            let store = try SubscriberStore(folder: path)
            #expect(try !store.keep(requests[0], of: one.id))
            for record in [one, other] { try store.add(record) }
            for request in requests { #expect(try store.keep(request, of: one.id)) }
            #expect(store.requests(of: one.id) == requests && store.requests(of: other.id).isEmpty)
            // The same again is a mistake that harms nothing.
            let error = #expect(throws: ViewerStoreError.self) { try store.keep(requests[0], of: one.id) }
            #expect(error?.path.hasSuffix(requests[0].fileName) == true)
            try store.drop(SessionKey(viewerID: one.id, requestID: requests[1].requestID))
            try store.drop(SessionKey(viewerID: one.id, requestID: requests[1].requestID))
            try store.drop(SessionKey(viewerID: other.id, requestID: requests[0].requestID))
        }
        let store = try SubscriberStore(folder: path)
        let left = [requests[0], requests[2]]
        #expect(store.requests(of: one.id).sorted { $0.expires < $1.expires } == left)
        #expect(names(one.id) == left.map(\.fileName).sorted())
        #expect(store.requests(of: other.id).isEmpty)
    }

    @Test func whatIsNoRequestHarmsNobody() throws {
        let (one, other) = (try subscriber("v"), try subscriber("w"))
        let request = SessionRequestRecord(expires: now)
        do {
            let store = try SubscriberStore(folder: path)
            for record in [one, other] { try store.add(record) }
            #expect(try store.keep(request, of: other.id))
        }
        let name = "store/\(SubscriberFolder.name(one.id))"
        folder.write("\(name)/\(Self.digits)-5.request.x", "damaged")
        folder.write("\(name)/\(Self.digits)-.request", "")
        folder.write("\(name)/\(Self.digits)-7.request", "more than was written")
        folder.link("\(name)/\(Self.digits)-6.request", to: "/nowhere")
        let store = try SubscriberStore(folder: path)
        #expect(store.all.count == 2)
        #expect(store.requests(of: one.id).map(\.expires) == [6, 7])
        #expect(store.requests(of: other.id) == [request])
        #expect(try store.log(of: one.id, unixMilliseconds: now) != nil)
        #expect(try store.remove(one.id))
        #expect(Repository.names(in: path) == [SubscriberFolder.name(other.id)])
    }

    @Test func goesWithItsViewer() throws {
        let record = try subscriber("v")
        let request = SessionRequestRecord(expires: now)
        let store = try SubscriberStore(folder: path)
        try store.add(record)
        #expect(try store.keep(request, of: record.id))
        // Registered anew.
        try store.add(record)
        #expect(store.requests(of: record.id).isEmpty && names(record.id).isEmpty)
        #expect(try store.keep(request, of: record.id))
        try store.remove(record.id)
        #expect(Repository.names(in: path).isEmpty && store.requests(of: record.id).isEmpty)
        #expect(try !store.keep(request, of: record.id))
        try store.drop(SessionKey(viewerID: record.id, requestID: request.requestID))
        #expect(Repository.names(in: path).isEmpty)
    }
}
