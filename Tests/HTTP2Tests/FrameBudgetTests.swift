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
        for _ in 0..<100 { budget.noteReset() }
        #expect(budget.violation == nil)
        budget.noteReset()
        #expect(budget.violation == .resets)
    }

    @Test func timeRefillsIt() {
        var budget = FrameBudget(settings(), now: 0)
        for _ in 0..<100 { budget.noteControl() }
        budget.advance(to: 1_000)
        for _ in 0..<10 { budget.noteControl() }
        #expect(budget.violation == nil)
        budget.noteControl()
        #expect(budget.violation == .controlFrames)
    }

    @Test func itNeverHoldsMoreThanItsCapacity() {
        var budget = FrameBudget(settings(), now: 0)
        budget.advance(to: .max)
        for _ in 0..<100 { budget.noteReset() }
        #expect(budget.violation == nil)
        budget.noteReset()
        #expect(budget.violation == .resets)
    }

    @Test func smallStepsOfTimeAreNotLost() {
        var budget = FrameBudget(settings(), now: 0)
        for _ in 0..<100 { budget.noteReset() }
        for millisecond in 1...500 { budget.advance(to: Int64(millisecond)) }
        for _ in 0..<5 { budget.noteReset() }
        #expect(budget.violation == nil)
        budget.noteReset()
        #expect(budget.violation == .resets)
    }

    @Test func windowUpdatesThatAnswerDataAreFree() {
        var budget = FrameBudget(settings(), now: 0)
        for _ in 0..<100_000 { budget.noteSentData() }
        for _ in 0..<200_000 { budget.noteFlowControl() }
        #expect(budget.violation == nil)
        for _ in 0..<101 { budget.noteFlowControl() }
        #expect(budget.violation == .controlFrames)
    }

    @Test func dataThatCarriesHardlyAnythingCounts() {
        var budget = FrameBudget(settings(), now: 0)
        for _ in 0..<1_000 { budget.noteData(bytes: 64, isLast: false) }
        for _ in 0..<1_000 { budget.noteData(bytes: 0, isLast: true) }
        #expect(budget.violation == nil)
        for _ in 0..<101 { budget.noteData(bytes: 1, isLast: false) }
        #expect(budget.violation == .controlFrames)
    }
}
