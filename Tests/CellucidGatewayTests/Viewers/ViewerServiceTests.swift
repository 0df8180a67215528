import Glibc
import Reactor
import Telemetry
import TestSupport
import Testing
import Viewers

@testable import CellucidGateway

@Suite struct ViewerServiceTests {
    /// Something else than what a test needs.
    private struct Unexpected: Error {
        let registration: String
    }

    private let folder = TemporaryDirectory()

    /// A service whose log goes into a file.
    private func service(opens: Bool = true) throws -> ViewerService {
        let log = Log(level: .info, format: .text, sink: try LogSink.file(folder("log")))
        let service = try ViewerService(directory: folder("state"), basePath: "/cells/", log: log)
        if opens { try service.open(port: 8765) }
        return service
    }

    private func secret(_ registration: ViewerService.Registration) throws -> String {
        guard case .created(let secret) = registration else {
            throw Unexpected(registration: "\(registration)")
        }
        return secret
    }

    private func isGranted(_ access: ViewerService.Access) -> Bool {
        if case .granted = access { true } else { false }
    }

    @Test func beforeItIsOpenNothingIsKept() async throws {
        let service = try service(opens: false)
        let id = try #require(ViewerID("v1"))
        guard case .unavailable(let reason) = await service.register(id) else {
            Issue.record("registered without a folder")
            return
        }
        #expect(reason == "The gateway is just starting.")
        if case .unavailable = service.access(id, secret: "x") {} else { Issue.record("accessible") }
        #expect(service.route(id, candidates: []) == .unknown)
        service.stop()
    }

    @Test func aViewerIsTakenOnce() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        let secret = try secret(await service.register(id))
        if case .taken = await service.register(id) {} else { Issue.record("registered twice") }
        #expect(isGranted(service.access(id, secret: secret)))
        #expect(!isGranted(service.access(id, secret: nil)))
        #expect(!isGranted(service.access(id, secret: secret + "0")))
        #expect(service.route(id, candidates: ["a"]) == .subscriber)
        #expect(await service.close(id))
        #expect(!(await service.close(id)))
        if case .unknown = service.access(id, secret: secret) {} else { Issue.record("still there") }
        #expect(try self.secret(await service.register(id)) != secret)
        service.stop()
    }

    @Test func manyRegistrationsOfOneViewerAtOnce() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        let created = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask { if case .created = await service.register(id) { true } else { false } }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(created == 1)
        service.stop()
    }

    @Test func registeringAndClosingAtOnceLeavesNothingHalf() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask { _ = await service.register(id) }
                group.addTask { _ = await service.close(id) }
            }
        }
        _ = await service.close(id)
        let secret = try secret(await service.register(id))
        #expect(isGranted(service.access(id, secret: secret)))
        #expect(await service.append(Array("{}".utf8), to: id) == .kept(1))
        service.stop()
    }

    @Test func anotherServiceFindsWhatWasKept() async throws {
        let id = try #require(ViewerID("v1"))
        var first: ViewerService? = try service()
        let secret = try secret(try #require(await first?.register(id)))
        #expect(await first?.append(Array("{}".utf8), to: id) == .kept(1))
        first?.stop()
        first = nil
        let second = try service()
        #expect(isGranted(second.access(id, secret: secret)))
        #expect(await second.append(Array("{}".utf8), to: id) == .kept(2))
        second.stop()
    }

    @Test func twoServicesDoNotShareAFolder() async throws {
        let first = try service()
        let second = try service()
        let id = try #require(ViewerID("v1"))
        guard case .unavailable(let reason) = await second.register(id) else {
            Issue.record("two have the folder")
            return
        }
        #expect(reason == "Events of viewers cannot be kept here: another process uses this folder.")
        // What is not for subscribers works.
        second.delivered(id, by: "lab")
        #expect(second.route(id, candidates: []) == .upstream("lab", isConfirmed: true))
        #expect(await second.close(id))
        first.stop()
        second.stop()
    }

    private func isUnknown(_ access: ViewerService.Access) -> Bool {
        if case .unknown = access { true } else { false }
    }

    private var logText: String { String(decoding: readFile(folder("log")) ?? [], as: UTF8.self) }

    @Test func theFolderIsTakenOverWhenItIsFree() async throws {
        var first: ViewerService? = try service()
        let second = try service()
        let id = try #require(ViewerID("v1"))
        let secret = try secret(try #require(await first?.register(id)))
        second.sweep()
        guard case .unavailable = second.access(id, secret: secret) else {
            Issue.record("two have the folder")
            return
        }
        first?.stop()
        first = nil
        let isFree = Deadline(seconds: 30).wait {
            second.sweep()
            return isGranted(second.access(id, secret: secret))
        }
        #expect(isFree)
        #expect(await second.append(Array("{}".utf8), to: id) == .kept(1))
        #expect(logText.contains("events are kept for subscribers from now on, in \(folder("state/8765"))"))
        #expect(logText.split(separator: "another process uses this folder").count == 2, "\(logText)")
        second.stop()
    }

    @Test(arguments: ["state", "state/8765/viewers"])
    func aRemovedFolderIsMadeAgain(name: String) async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        let secret = try secret(await service.register(id))
        #expect(await service.append(Array("{}".utf8), to: id) == .kept(1))
        let request = try #require(await open(service, id))
        folder.remove(name)
        // Nothing is said to be kept, whether the removal has been noticed or not.
        switch await service.append(Array("{}".utf8), to: id) {
        case .failed(let error): #expect(error.kind == .removed)
        case let other: #expect(other == .closed)
        }
        guard case .unavailable = await service.register(try #require(ViewerID("v2"))) else {
            Issue.record("registered in a folder that is gone")
            return
        }
        let isForgotten = Deadline(seconds: 30).wait {
            service.sweep()
            return isUnknown(service.access(id, secret: secret))
        }
        #expect(isForgotten && phase(service, id, request) == nil)
        #expect(logText.contains("what was kept for subscribers is gone: "))
        #expect(try self.secret(await service.register(id)) != secret)
        #expect(await service.append(Array("{}".utf8), to: id) == .kept(1))
        #expect(await open(service, id) != nil)
        service.stop()
    }

    /// Bundles are gone then, viewers are not.
    @Test func viewersOutliveTheFolderOfBundles() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        let secret = try secret(await service.register(id))
        #expect(await service.append(Array("{}".utf8), to: id) == .kept(1))
        folder.remove("state/8765/sessions")
        service.sweep()
        let isThere = Deadline(seconds: 30).wait {
            service.sweep()
            return isGranted(service.access(id, secret: secret))
        }
        #expect(isThere)
        #expect(await service.append(Array("{}".utf8), to: id) == .kept(2))
        let request = try #require(await open(service, id))
        let key = SessionKey(viewerID: id, requestID: request)
        let upload = try await service.beginUpload(key, announced: 100).get()
        upload.cancel()
        service.stop()
    }

    @Test func theDocumentListsAllViewers() async throws {
        let service = try service()
        service.see(try #require(ViewerID("a\"b")), mount: "lab", upstream: "lab")
        // Seconds since then; how many does not matter.
        let document = service.document.replacing(/"idle":[0-9]+}/, with: "\"idle\":N}")
        #expect(
            document
                == "{\"viewers\":[{\"viewerId\":\"a\\\"b\",\"owner\":\"upstream:lab\",\"evidence\":\"seen\","
                + "\"mount\":\"lab\",\"idle\":N}]}"
        )
        service.lost(upstream: "lab")
        #expect(service.document == "{\"viewers\":[]}")
        service.stop()
    }

    @Test func urlsBeginWithTheBasePath() throws {
        let service = try service()
        let id = try #require(ViewerID("a/b?"))
        #expect(service.path(id, "events") == "/cells/_gateway/viewers/a%2Fb%3F/events")
        service.stop()
    }

    /// When the disk says that the only viewer was last used: the seconds before now.
    private func idleSeconds() throws -> Int64 {
        let viewer = try #require(Repository.names(in: folder("state/8765/viewers")).first)
        var status = stat()
        try #require(stat(folder("state/8765/viewers/\(viewer)/subscriber"), &status) == 0)
        return Clock.unixSeconds() - Int64(status.st_mtim.tv_sec)
    }

    /// What counts as a use, besides events.
    enum Use: CaseIterable, Sendable { case none, renewal, wrongSecret, bundleRequest, following }

    /// A viewer that nobody used for almost a day, and then somebody did or not.
    @Test(arguments: Use.allCases) func usesAreKept(use: Use) async throws {
        let id = try #require(ViewerID("v1"))
        let almostADay = ViewerService.idleSeconds - 3600
        do {
            let created = Clock.unixMilliseconds() - almostADay * 1000
            let store = try SubscriberStore(folder: folder("state/8765/viewers"))
            try store.add(SubscriberRecord(id: id, secret: SecretHash(of: "secret"), created: created))
        }
        let service = try self.service()
        service.sweep()
        // A restart is no use.
        #expect(try idleSeconds() >= almostADay)
        switch use {
        case .none: break
        case .renewal: #expect(isGranted(service.access(id, secret: "secret")))
        case .wrongSecret: #expect(!isGranted(service.access(id, secret: "other")))
        case .bundleRequest:
            // As the responder does.
            #expect(isGranted(service.access(id, secret: "secret")))
            #expect(await open(service, id) != nil)
        case .following: service.keepInUse(id)
        }
        service.sweep()
        let isUsed = use != .none && use != .wrongSecret
        #expect(try isUsed ? idleSeconds() < 600 : idleSeconds() >= almostADay)
        let lastUsed = try #require(service.state.withLock { $0.registry[id]?.lastUsed })
        #expect((ViewerService.now - lastUsed < 600_000) == isUsed)
        service.stop()
    }

    private func open(_ service: ViewerService?, _ id: ViewerID, seconds: Int64 = 3600) async -> ViewerID? {
        if case .opened(let request) = await service?.openRequest(id, seconds: seconds) {
            request
        } else {
            nil
        }
    }

    private func phase(_ service: ViewerService, _ id: ViewerID, _ request: ViewerID) -> SessionRequests
        .Phase?
    {
        let key = SessionKey(viewerID: id, requestID: request)
        return service.state.withLock { $0.requests.phase(of: key, now: ViewerService.now) }
    }

    /// The names of the requests' files of all viewers.
    private var requestFiles: [String] {
        let viewers = folder("state/8765/viewers")
        return Repository.names(in: viewers).flatMap { Repository.names(in: "\(viewers)/\($0)") }
            .filter { $0.hasSuffix(".request") }
    }

    @Test func requestsForBundlesHaveALimit() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        _ = await service.register(id)
        let most = SessionRequests.Limits().mostPerViewer
        var requests: Set<ViewerID> = []
        for _ in 0..<most { requests.insert(try #require(await open(service, id))) }
        #expect(requests.count == most)
        if case .full = await service.openRequest(id, seconds: 60) {} else { Issue.record("one too many") }
        #expect(requestFiles.count == most)
        service.stop()
    }

    @Test func bundlesThatWereFetchedLeaveRoom() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        _ = await service.register(id)
        let bundle = SessionSpool.magic + [7]
        for _ in 0...SessionRequests.Limits().mostPerViewer {
            let request = try #require(await open(service, id))
            let key = SessionKey(viewerID: id, requestID: request)
            let upload = try await service.beginUpload(key, announced: bundle.count).get()
            try upload.append(bundle.span)
            #expect(try await service.finishUpload(upload, key).get() == bundle.count)
            guard case .found(let fetch) = await service.fetch(key) else {
                Issue.record("not found")
                return
            }
            fetch.finish()
            service.endFetch(key, isDelivered: true)
            #expect(phase(service, id, request) == .delivered)
        }
        service.stop()
    }

    @Test func requestsWhoseTimeIsOverLeaveRoom() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        _ = await service.register(id)
        for _ in 0..<SessionRequests.Limits().mostPerViewer {
            _ = try #require(await open(service, id, seconds: 1))
        }
        var last: ViewerID?
        let limit = Clock.monotonicMilliseconds() + 30_000
        while last == nil, Clock.monotonicMilliseconds() < limit {
            last = await open(service, id)
            if last == nil { try await Task.sleep(for: .milliseconds(100)) }
        }
        #expect(last != nil)
        #expect(Deadline(seconds: 30).wait { requestFiles.count == 1 })
        service.stop()
    }

    @Test func anotherServiceFindsTheOpenRequests() async throws {
        let id = try #require(ViewerID("v1"))
        var first: ViewerService? = try service()
        _ = await first?.register(id)
        let request = try #require(await open(first, id))
        let short = try #require(await open(first, id))
        first?.stop()
        first = nil
        // One of a time that is over, and something else of such a name.
        let names = requestFiles
        let over = try #require(names.first { $0.hasPrefix(short.text) })
        let viewer = try #require(Repository.names(in: folder("state/8765/viewers")).first)
        folder.rename(
            "state/8765/viewers/\(viewer)/\(over)",
            to: "state/8765/viewers/\(viewer)/\(short)-1700000000000.request"
        )
        folder.write("state/8765/viewers/\(viewer)/\(short)-soon.request", "damaged")
        let second = try service()
        #expect(phase(second, id, request) == .pending)
        #expect(phase(second, id, short) == nil)
        #expect(requestFiles.count { $0.hasPrefix(short.text) } == 1)
        #expect(await second.close(id))
        #expect(requestFiles.isEmpty)
        second.stop()
    }

    @Test func requestsThatAreOverLeaveTheDisk() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        _ = await service.register(id)
        let short = try #require(await open(service, id, seconds: 1))
        let long = try #require(await open(service, id))
        let isOver = Deadline(seconds: 30).wait {
            service.sweep()
            return requestFiles.count { $0.hasPrefix(short.text) } == 0
        }
        #expect(isOver)
        #expect(phase(service, id, short) != .pending)
        #expect(requestFiles.count == 1 && requestFiles.first?.hasPrefix(long.text) == true)
        service.stop()
    }

    @Test func aRequestOfNobodyIsNotKept() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        if case .closed = await service.openRequest(id, seconds: 60) {} else { Issue.record("opened") }
        #expect(service.state.withLock { $0.requests.count } == 0)
        service.stop()
    }

    @Test func aRequestThatCannotBeKeptIsNotOpen() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        _ = await service.register(id)
        let viewers = folder("state/8765/viewers")
        let viewer = "state/8765/viewers/\(try #require(Repository.names(in: viewers).first))"
        folder.remove(viewer)
        folder.write(viewer, "in the way")
        guard case .unavailable(let reason) = await service.openRequest(id, seconds: 60) else {
            Issue.record("opened")
            return
        }
        #expect(reason.hasPrefix("Requests for session bundles cannot be kept here: "))
        #expect(service.state.withLock { $0.requests.count } == 0)
        service.stop()
    }

    /// The page gets an error, so it must be able to send the bundle again.
    @Test func aBundleThatNobodyCanBeToldOfIsNotKept() async throws {
        let service = try service()
        let id = try #require(ViewerID("v1"))
        _ = await service.register(id)
        let request = try #require(await open(service, id))
        let key = SessionKey(viewerID: id, requestID: request)
        let bundle = SessionSpool.magic + [UInt8](repeating: 7, count: 100)
        let upload = try await service.beginUpload(key, announced: bundle.count).get()
        try upload.append(bundle.span)
        let viewers = folder("state/8765/viewers")
        let viewer = "state/8765/viewers/\(try #require(Repository.names(in: viewers).first))"
        folder.remove(viewer)
        folder.write(viewer, "in the way")
        guard case .failure(.store) = await service.finishUpload(upload, key) else {
            Issue.record("taken")
            return
        }
        #expect(phase(service, id, request) == .pending)
        #expect(Repository.names(in: folder("state/8765/sessions")).isEmpty)
        guard case .missing(.pending) = await service.fetch(key) else {
            Issue.record("found")
            return
        }
        service.stop()
    }
}
