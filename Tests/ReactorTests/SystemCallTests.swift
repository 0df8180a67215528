import Glibc
import Testing

@testable import Reactor

@Suite struct SystemCallTests {
    @Test(arguments: [(0, 1), (1, 2), (5, 6)])
    func interruptedCallsAreMadeAgain(interruptions: Int, expectedCalls: Int) throws {
        var calls = 0
        let result = try SystemCall.retrying("read") { () -> Int in
            calls += 1
            if calls > interruptions { return 7 }
            errno = EINTR
            return -1
        }
        #expect(result == 7 && calls == expectedCalls)
    }

    @Test(arguments: [EAGAIN, EIO, EBADF])
    func otherFailuresAreNot(code: Int32) {
        var calls = 0
        #expect(throws: SystemError(code: code, call: "read")) {
            try SystemCall.retrying("read") { () -> Int32 in
                calls += 1
                errno = code
                return -1
            }
        }
        #expect(calls == 1)
    }
}
