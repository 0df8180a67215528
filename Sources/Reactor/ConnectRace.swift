import Glibc

/// One connection sought at several addresses at once; see ``Connector``.
///
/// Each address has a task that waits for its answer and closes its socket if it loses.
final class ConnectRace {
    private let loop: EventLoop
    private let deadline: Int64
    private var waiting: ArraySlice<SocketAddress>
    private var underWay: [Channel] = []
    private var winner: Channel?
    private var failures: [ConnectError.Attempt] = []
    private var isOver = false
    private let news: Notice

    init(_ addresses: [SocketAddress], loop: EventLoop, until deadline: Int64) {
        self.loop = loop
        self.deadline = deadline
        waiting = addresses[...]
        news = Notice(loop: loop)
    }

    func run() async throws(ConnectError) -> Channel {
        while true {
            if loop.now >= deadline, !failures.isEmpty { waiting = [] }
            if let address = waiting.popFirst() { start(address) }
            if underWay.isEmpty, winner == nil {
                if waiting.isEmpty { throw ConnectError(attempts: failures) }
                continue
            }
            let next = waiting.isEmpty ? .max : loop.now + Connector.staggerMilliseconds
            // A failure lets the next address start at once; with none left, the others may still answer.
            while winner == nil, !underWay.isEmpty {
                guard await news.wait(until: next), waiting.isEmpty else { break }
            }
            if let winner {
                isOver = true
                for channel in underWay { channel.interrupt() }
                return winner
            }
        }
    }

    private func start(_ address: SocketAddress) {
        do throws(SystemError) {
            let channel = try Connector.begin(address, loop: loop)
            underWay.append(channel)
            watch(channel, address)
        } catch {
            failures.append(ConnectError.Attempt(address: address, error: error))
        }
    }

    private func watch(_ channel: Channel, _ address: SocketAddress) {
        let bound = LoopBound((race: self, channel: channel), loop: loop)
        let deadline = deadline
        Task(executorPreference: loop) {
            let (race, channel) = bound.value
            do throws(SystemError) {
                try await Connector.finish(channel, until: deadline)
                race.connected(channel)
            } catch {
                channel.close()
                race.failed(channel, address, error)
            }
        }
    }

    private func connected(_ channel: Channel) {
        underWay.removeAll { $0 === channel }
        if isOver || winner != nil {
            channel.close()
        } else {
            winner = channel
            news.post()
        }
    }

    private func failed(_ channel: Channel, _ address: SocketAddress, _ error: SystemError) {
        underWay.removeAll { $0 === channel }
        failures.append(ConnectError.Attempt(address: address, error: error))
        news.post()
    }
}
