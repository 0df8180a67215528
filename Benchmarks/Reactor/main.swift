// What the event loop costs by itself: tasks, suspended reads, and trips to the blocking pool. Prints nanoseconds
// for each; run it on a quiet machine, several times.

import Bytes
import Glibc
import Reactor

/// Runs `body` on a fresh event loop and returns when it is done.
func onLoop(_ body: @escaping @Sendable (EventLoop) async -> Void) throws {
    let loop = try EventLoop()
    let thread = try Thread(name: "loop") { loop.run() }
    let latch = try Latch(count: 1)
    Task(executorPreference: loop) {
        await body(loop)
        latch.countDown()
    }
    _ = latch.wait()
    loop.stop()
    thread.join()
}

func report(_ name: String, _ count: Int, since start: Int64) {
    let nanoseconds = Double(Clock.monotonicMicroseconds() - start) * 1000 / Double(count)
    print("\(name): \(Int(nanoseconds.rounded())) ns")
}

/// Counts the tasks that have run, on the loop's thread.
final class Counter {
    var value = 0
}

/// The two ends of a connected socket pair, non-blocking.
func socketPair() -> [Int32] {
    var ends: [Int32] = [-1, -1]
    _ = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
    return ends
}

let rounds = 200_000

try onLoop { loop in
    let start = Clock.monotonicMicroseconds()
    for _ in 0..<rounds { await loop.yield() }
    report("suspend, one turn of the loop with its epoll_wait, resume", rounds, since: start)
}

try onLoop { loop in
    let counter = LoopBound(Counter(), loop: loop)
    let start = Clock.monotonicMicroseconds()
    for _ in 0..<rounds / 1000 {
        for _ in 0..<1000 {
            Task(executorPreference: loop) { counter.value.value += 1 }
        }
        await loop.yield()
    }
    while counter.value.value < rounds { await loop.yield() }
    report("make a task on the loop, run it, free it", rounds, since: start)
}

let pair = socketPair()
var byte: UInt8 = 1
let plainStart = Clock.monotonicMicroseconds()
for _ in 0..<rounds {
    _ = unsafe write(pair[0], &byte, 1)
    _ = unsafe read(pair[1], &byte, 1)
}
report("write and read a byte on a socket pair, no loop", rounds, since: plainStart)

try onLoop { loop in
    let ends = socketPair()
    guard let left = try? Descriptor(ends[0], from: "socketpair"),
        let right = try? Descriptor(ends[1], from: "socketpair"), let reader = try? Channel(right, loop: loop)
    else { return }
    var byte: UInt8 = 1
    let start = Clock.monotonicMicroseconds()
    for _ in 0..<rounds {
        reader.readWouldBlock()
        _ = unsafe write(left.raw, &byte, 1)
        _ = await reader.waitReadable(until: .max)
        _ = unsafe read(reader.descriptor, &byte, 1)
    }
    report("the same with the read suspended until epoll reports it", rounds, since: start)
    reader.close()
}

let pool = try BlockingPool(threadCount: 1)
try onLoop { loop in
    let start = Clock.monotonicMicroseconds()
    for _ in 0..<rounds / 10 { _ = await pool.run { 1 } }
    report("a trip to the blocking pool and back", rounds / 10, since: start)
}
pool.stop()
