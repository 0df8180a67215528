import Glibc
import Reactor
import TestSupport
import Testing

@Suite struct ThreadTests {
    @Test func runsElsewhereUnderItsName() throws {
        let seen = Shared<(name: String, isOther: Bool)?>(nil)
        let own = pthread_self()
        let thread = try Thread(name: "a-name-that-is-too-long") {
            let text = String(decoding: readFile("/proc/thread-self/comm") ?? [], as: UTF8.self)
            seen.withLock { $0 = (text, pthread_self() != own) }
        }
        thread.join()
        #expect(seen.withLock { $0 }?.name == "a-name-that-is-\n")
        #expect(seen.withLock { $0 }?.isOther == true)
    }
}
