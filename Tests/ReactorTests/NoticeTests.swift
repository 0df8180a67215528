import Testing

@testable import Reactor

@Suite struct NoticeTests {
    @Test func postedBefore() async throws {
        let results = try await LoopHarness().run { loop in
            let notice = Notice(loop: loop)
            notice.post()
            let first = await notice.wait(until: loop.now + 20_000)
            return [first, await notice.wait(until: loop.now)]
        }
        #expect(results == [true, false], "a notice counts once")
    }

    @Test func postedWhileWaiting() async throws {
        let result = try await LoopHarness().run { loop in
            let bound = LoopBound(Notice(loop: loop), loop: loop)
            Task(executorPreference: loop) {
                await bound.loop.yield()
                bound.value.post()
            }
            return await bound.value.wait(until: .max)
        }
        #expect(result)
    }

    /// The timer of a wait that is over does not end the next one.
    @Test func deadlines() async throws {
        let results = try await LoopHarness().run { loop in
            let bound = LoopBound(Notice(loop: loop), loop: loop)
            bound.value.post()
            var results = [await bound.value.wait(until: loop.now + 1)]
            results.append(await bound.value.wait(until: loop.now + 5))
            Task(executorPreference: loop) {
                await bound.loop.sleep(milliseconds: 60)
                bound.value.post()
            }
            results.append(await bound.value.wait(until: loop.now + 20_000))
            return results
        }
        #expect(results == [true, false, true])
    }
}
