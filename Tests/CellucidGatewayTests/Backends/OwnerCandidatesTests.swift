import Testing

@testable import CellucidGateway

@Suite struct OwnerCandidatesTests {
    private func backends(_ conditions: [Backend.Condition]) throws -> [Backend] {
        try conditions.enumerated().map { index, condition in
            let backend = Backend(
                try BackendFixture.specification("b\(index)", url: "http://127.0.0.1:\(index + 1)")
            )
            backend.update { $0.condition = condition }
            return backend
        }
    }

    @Test(
        arguments: [
            ([], []), ([.healthy], ["b0"]), ([.unknown, .healthy, .healthy], ["b1", "b2", "b0"]),
            ([.unavailable(""), .healthy], ["b1"]), ([.unavailable(""), .unknown], ["b1"]),
            ([.unavailable(""), .unavailable("")], ["b0", "b1"]),
        ] as [([Backend.Condition], [String])]
    )
    func order(conditions: [Backend.Condition], names: [String]) throws {
        let candidates = OwnerCandidates(try backends(conditions))
        #expect(candidates.names == names)
        #expect(candidates.isAlone == (conditions.count == 1))
    }

    /// Servers before 0.0.9 take no events, and neither do those of which that is not known.
    @Test func byMount() throws {
        let all = try backends([.healthy, .unavailable("")])
        #expect(OwnerCandidates.backend("b1", in: all) === all[1])
        #expect(OwnerCandidates.backend("b2", in: all) == nil)
    }
}
