import Testing

@testable import HTTP2

struct FrameBudgetTests {
    private func settings(resets: Int = 10, controlFrames: Int = 10) -> HTTP2Settings {
        var settings = HTTP2Settings()
        settings.resetsPerSecond = resets
        settings.controlFramesPerSecond = controlFrames
        return settings
    }

    @Test func tenSecondsWorthMayComeAtOnce() {
        var budget = FrameBudget(settings(), now: 5_000)
        for _ in 0..<100 { budget.note(received: .reset) }
        #expect(budget.violation == nil)
        budget.note(received: .reset)
        #expect(budget.violation == .resets)
    }

    @Test func timeRefillsIt() {
        var budget = FrameBudget(settings(), now: 0)
        for _ in 0..<100 { budget.note(received: .ping) }
        budget.advance(to: 1_000)
        for _ in 0..<10 { budget.note(received: .ping) }
        #expect(budget.violation == nil)
        budget.note(received: .ping)
        #expect(budget.violation == .controlFrames)
    }

    @Test func itNeverHoldsMoreThanItsCapacity() {
        var budget = FrameBudget(settings(), now: 0)
        budget.advance(to: .max)
        for _ in 0..<100 { budget.note(received: .reset) }
        #expect(budget.violation == nil)
        budget.note(received: .reset)
        #expect(budget.violation == .resets)
    }

    @Test func smallStepsOfTimeAreNotLost() {
        var budget = FrameBudget(settings(), now: 0)
        for _ in 0..<100 { budget.note(received: .reset) }
        for millisecond in 1...500 { budget.advance(to: Int64(millisecond)) }
        for _ in 0..<5 { budget.note(received: .reset) }
        #expect(budget.violation == nil)
        budget.note(received: .reset)
        #expect(budget.violation == .resets)
    }

    @Test func windowUpdatesThatAnswerDataAreFree() {
        var budget = FrameBudget(settings(), now: 0)
        for _ in 0..<100_000 { budget.noteSentData() }
        for _ in 0..<200_000 { budget.note(received: .windowUpdate) }
        #expect(budget.violation == nil)
        for _ in 0..<101 { budget.note(received: .windowUpdate) }
        #expect(budget.violation == .controlFrames)
    }

    @Test func framesOfUnknownTypesCount() {
        var budget = FrameBudget(settings(), now: 0)
        for _ in 0..<101 { budget.note(received: FrameScanner.Header(length: 0, type: 0xee)) }
        #expect(budget.violation == .controlFrames)
    }

    @Test func dataThatCarriesHardlyAnythingCounts() {
        var budget = FrameBudget(settings(), now: 0)
        for _ in 0..<1_000 { budget.note(received: .data(64, isLast: false)) }
        for _ in 0..<1_000 { budget.note(received: .data(0, isLast: true)) }
        #expect(budget.violation == nil)
        for _ in 0..<101 { budget.note(received: .data(1, isLast: false)) }
        #expect(budget.violation == .controlFrames)
    }
}

extension FrameScanner.Header {
    fileprivate static let reset = FrameScanner.Header(length: 4, type: 3)
    fileprivate static let ping = FrameScanner.Header(length: 8, type: 6)
    fileprivate static let windowUpdate = FrameScanner.Header(length: 4, type: 8)

    fileprivate static func data(_ length: Int, isLast: Bool) -> FrameScanner.Header {
        FrameScanner.Header(length: length, type: 0, flags: isLast ? 1 : 0)
    }
}
