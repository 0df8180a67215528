import Testing

@testable import Viewers

/// Requests for session bundles, step by step.
@Suite struct SessionRequestsTests {
    static func key(_ viewer: String, _ request: String) -> SessionKey {
        guard let viewerID = ViewerID(viewer), let requestID = ViewerID(request) else {
            preconditionFailure("no identifiers: \(viewer) \(request)")
        }
        return SessionKey(viewerID: viewerID, requestID: requestID)
    }

    private let key = Self.key("v", "r")

    @Test func oneRequestFromBeginToEnd() throws {
        var requests = SessionRequests()
        #expect(requests.phase(of: key, now: 0) == nil)
        try requests.open(key, milliseconds: 60_000, now: 0)
        #expect(requests.phase(of: key, now: 59_999) == .pending)
        try requests.beginUpload(key, now: 59_999)
        // However long it takes.
        #expect(requests.phase(of: key, now: 900_000) == .receiving)
        #expect(requests.expire(now: 900_000).isEmpty)
        #expect(requests.stored(key, milliseconds: 1000, now: 900_000) == true)
        #expect(requests.phase(of: key, now: 900_999) == .stored)
        requests.delivered(key, now: 900_500)
        #expect(requests.phase(of: key, now: 9_999_999) == .delivered)
        #expect(requests.expire(now: 9_999_999).isEmpty && requests.count == 0)
    }

    @Test func onlyOneUploadAndOnlyInTime() throws {
        var requests = SessionRequests()
        func refused(_ requests: inout SessionRequests, _ now: Int64) {
            #expect(throws: SessionUploadError.notPending) { try requests.beginUpload(key, now: now) }
        }
        refused(&requests, 0)
        try requests.open(key, milliseconds: 5000, now: 0)
        refused(&requests, 5000)
        try requests.beginUpload(key, now: 4999)
        refused(&requests, 4999)
        _ = requests.stored(key, milliseconds: 5000, now: 5000)
        refused(&requests, 5001)
        requests.delivered(key, now: 5002)
        refused(&requests, 5003)
    }

    @Test func anUploadThatFailsCanBeRepeated() throws {
        var requests = SessionRequests()
        try requests.open(key, milliseconds: 5000, now: 0)
        for now: Int64 in [0, 1000, 2000] {
            try requests.beginUpload(key, now: now)
            requests.uploadFailed(key, now: now + 500)
            #expect(requests.phase(of: key, now: now + 500) == .pending)
        }
        // But not after its time.
        try requests.beginUpload(key, now: 4000)
        requests.uploadFailed(key, now: 6000)
        #expect(requests.phase(of: key, now: 6000) == .expired)
        #expect(requests.expire(now: 6000) == [key])
        #expect(requests.expire(now: 6001).isEmpty)
        #expect(requests.phase(of: key, now: 6001) == .expired)
    }

    @Test func aBundleThatIsRemovedCanBeSentAgain() throws {
        var requests = SessionRequests()
        try requests.open(key, milliseconds: 5000, now: 0)
        requests.removed(key)
        #expect(requests.phase(of: key, now: 0) == .pending)
        try requests.beginUpload(key, now: 1000)
        requests.removed(key)
        #expect(requests.phase(of: key, now: 1000) == .receiving)
        let isStored = requests.stored(key, milliseconds: 60_000, now: 2000)
        #expect(isStored)
        requests.removed(key)
        #expect(requests.phase(of: key, now: 2000) == .pending)
        #expect(requests.phase(of: key, now: 5000) == .expired)
    }

    @Test(arguments: [
        (asked: 0 as Int64, given: 1000 as Int64), (-5, 1000), (1000, 1000), (60_000, 60_000),
        (3_600_000, 3_600_000), (.max, 3_600_000),
    ])
    func timesAreLimited(times: (asked: Int64, given: Int64)) throws {
        var requests = SessionRequests()
        try requests.open(key, milliseconds: times.asked, now: 7)
        #expect(requests.phase(of: key, now: 6 + times.given) == .pending)
        #expect(requests.phase(of: key, now: 7 + times.given) == .expired)
    }

    @Test(arguments: [
        (left: 1 as Int64, given: 1 as Int64), (999, 999), (3_600_000, 3_600_000), (.max, 3_600_000),
    ])
    func onlyWhatIsLeftOfItsTime(times: (left: Int64, given: Int64)) throws {
        var requests = SessionRequests()
        try requests.resume(key, milliseconds: times.left, now: 7)
        #expect(throws: SessionRequests.OpeningError.exists) {
            try requests.resume(key, milliseconds: times.left, now: 7)
        }
        #expect(requests.phase(of: key, now: 6 + times.given) == .pending)
        #expect(requests.phase(of: key, now: 7 + times.given) == .expired)
    }

    @Test func oneThatIsWithdrawnMakesRoom() throws {
        var limits = SessionRequests.Limits()
        limits.mostPerViewer = 1
        var requests = SessionRequests(limits: limits)
        requests.withdraw(key)
        for _ in 0..<3 {
            try requests.open(key, milliseconds: 1000, now: 0)
            requests.withdraw(key)
            requests.withdraw(key)
            #expect(requests.count == 0 && requests.phase(of: key, now: 0) == nil)
        }
    }

    @Test func numbersAreLimited() throws {
        var limits = SessionRequests.Limits()
        limits.mostRequests = 3
        limits.mostPerViewer = 2
        var requests = SessionRequests(limits: limits)
        func refused(
            _ requests: inout SessionRequests,
            _ key: SessionKey
        ) -> SessionRequests.OpeningError? {
            #expect(throws: SessionRequests.OpeningError.self) {
                try requests.open(key, milliseconds: 1000, now: 0)
            }
        }
        try requests.open(key, milliseconds: 1000, now: 0)
        #expect(refused(&requests, key) == .exists)
        try requests.open(Self.key("v", "r2"), milliseconds: 1000, now: 0)
        #expect(refused(&requests, Self.key("v", "r3")) == .full)
        try requests.open(Self.key("w", "r"), milliseconds: 1000, now: 0)
        #expect(refused(&requests, Self.key("x", "r")) == .full)
        #expect(Set(requests.expire(now: 1000)).count == 3)
        #expect(requests.count == 3 && requests.expire(now: 601_000).isEmpty && requests.count == 0)
        try requests.open(key, milliseconds: 1000, now: 601_000)
        try requests.open(Self.key("v", "r2"), milliseconds: 1000, now: 601_000)
    }

    /// How requests of a test end.
    enum Ending: CaseIterable, Sendable { case fetched, notSent, notFetched }

    @Test(arguments: Ending.allCases) func onesThatAreOverLeaveRoom(ending: Ending) throws {
        var limits = SessionRequests.Limits()
        limits.mostRequests = 3
        limits.mostPerViewer = 2
        limits.mostRemembered = 5
        var requests = SessionRequests(limits: limits)
        let keys = (0..<20).map { Self.key("v", "r\($0)") }
        let phase: SessionRequests.Phase = ending == .fetched ? .delivered : .expired
        for (number, key) in keys.enumerated() {
            let now = Int64(number) * 2000
            try requests.open(key, milliseconds: 1000, now: now)
            if ending != .notSent {
                try requests.beginUpload(key, now: now)
                let isStored = requests.stored(key, milliseconds: 1000, now: now)
                #expect(isStored)
            }
            if ending == .fetched {
                requests.delivered(key, now: now)
                requests.delivered(key, now: now)
            } else {
                #expect(requests.expire(now: now + 1000) == [key])
            }
            let known = keys.prefix(number + 1).map { requests.phase(of: $0, now: now + 1000) }
            #expect(known.suffix(5).allSatisfy { $0 == phase })
            #expect(known.dropLast(5).allSatisfy { $0 == nil })
            #expect(requests.count == min(5, number + 1))
        }
        // The limits of those that are not over are as before.
        for key in [key, Self.key("v", "s"), Self.key("w", "r")] {
            try requests.open(key, milliseconds: 3_600_000, now: 40_000)
        }
        for key in [Self.key("v", "t"), Self.key("x", "r")] {
            #expect(throws: SessionRequests.OpeningError.full) {
                try requests.open(key, milliseconds: 1000, now: 40_000)
            }
        }
        #expect(requests.count == 8 && requests.expire(now: 700_000).isEmpty && requests.count == 3)
        requests.close(key.viewerID)
        #expect(requests.count == 1)
    }

    @Test func oneThatIsOverIsWithdrawn() throws {
        var limits = SessionRequests.Limits()
        limits.mostRequests = 1
        limits.mostPerViewer = 1
        var requests = SessionRequests(limits: limits)
        for _ in 0..<3 {
            try requests.open(key, milliseconds: 1000, now: 0)
            #expect(requests.expire(now: 1000) == [key])
            requests.withdraw(key)
            #expect(requests.count == 0)
        }
        try requests.open(key, milliseconds: 1000, now: 0)
        #expect(throws: SessionRequests.OpeningError.full) {
            try requests.open(Self.key("v", "s"), milliseconds: 1000, now: 0)
        }
    }

    @Test func aViewerIsClosed() throws {
        var requests = SessionRequests()
        try requests.open(key, milliseconds: 1000, now: 0)
        try requests.open(Self.key("w", "r"), milliseconds: 1000, now: 0)
        try requests.beginUpload(key, now: 0)
        requests.close(key.viewerID)
        #expect(requests.stored(key, milliseconds: 1000, now: 1) == false)
        requests.uploadFailed(key, now: 1)
        #expect(requests.phase(of: key, now: 1) == nil)
        #expect(requests.phase(of: Self.key("w", "r"), now: 1) == .pending)
    }
}
