import HTTP
import Server
import Testing

@testable import CellucidGateway

@Suite struct BackendFailureTests {
    private struct Other: Error {}

    @Test func theClientIsToldWhatIsWrongWithItsRequest() {
        let refusal = HTTPError(.contentTooLarge, "too large")
        let failure = BackendFailure(ofBody: RequestBodyError.refused(refusal))
        #expect(failure.status == .contentTooLarge)
        #expect(failure.refusal == refusal)
    }

    @Test func anIncompleteRequest() {
        for error: any Error in [RequestBodyError.connectionLost, Other()] {
            let failure = BackendFailure(ofBody: error)
            #expect(failure.status == .badRequest)
            #expect(failure.reason == "the request's body is incomplete")
            #expect(failure.refusal == nil)
        }
    }

    @Test func theGatewaysOwnDiskIsNotTheClientsFault() {
        let failure = BackendFailure(ofBody: Spool.Failure(reason: "a temporary file has changed"))
        #expect(failure.status == .serviceUnavailable)
        #expect(failure.reason == "a temporary file has changed")
        #expect(failure.refusal == nil)
    }
}
