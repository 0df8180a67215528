import Testing

@testable import Server

@Suite struct TransferWatchTests {
    private var limits: Limits {
        var limits = Limits()
        limits.stallMilliseconds = 1000
        limits.minimumBytesPerStall = 100
        return limits
    }

    @Test(
        arguments: [
            ([], false), ([99], false), ([100], true), ([50, 50], true), ([0, 0], false), ([1, 98], false),
            ([1_000_000], true),
        ]
    )
    func eachWindowMustMoveTheLeast(moved: [Int], continues: Bool) {
        var watch = TransferWatch(limits: limits, now: 5000)
        #expect(watch.deadline == 6000)
        for count in moved { watch.note(count) }
        #expect(watch.continuesAfterDeadline(now: 6010) == continues)
        #expect(watch.deadline == (continues ? 7010 : 6000))
    }

    @Test func whatMovedCountsOnce() {
        var watch = TransferWatch(limits: limits, now: 0)
        watch.note(1000)
        #expect(watch.continuesAfterDeadline(now: 1000) == true)
        #expect(watch.continuesAfterDeadline(now: 2000) == false)
        watch.note(100)
        #expect(watch.continuesAfterDeadline(now: 2500) == true)
        #expect(watch.deadline == 3500)
    }
}
