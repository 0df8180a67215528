import Bytes
import HTTP
import Telemetry
import Transport

/// Going on in another protocol (RFC 9110 section 7.8).
extension HTTP1Connection {
    /// Sends the 101 of an exchange and lets `upgrade` use the connection until it is to be closed.
    func switchProtocols(_ exchange: Exchange, to upgrade: any ConnectionUpgrade) async -> Continuation {
        do {
            try await send(exchange, .none, keepsAlive: true)
        } catch {
            record(exchange)
            return .end(.abort)
        }
        exchange.response.upgrade = nil
        self.upgrade = upgrade
        context.counters.upgrades.add()
        // A request with a body gets no 101, so what was received behind the head is not HTTP's.
        let input = input
        let received = input.unread.copied()
        context.lendBack(self)
        if context.isDraining { upgrade.drain() }
        // Tunnels live for hours: they must not make the server think that it is busy with requests.
        context.servingTasks -= 1
        bodyBytesSent = await upgrade.run(stream, received: received)
        context.servingTasks += 1
        self.upgrade = nil
        record(exchange)
        return .end(.linger)
    }
}
