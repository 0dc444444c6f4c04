import Simulator
import Testing

@Suite struct SimulatorTests {
    @Test func aHundredSeedsHold() {
        for seed in UInt64(1)...100 {
            let outcome = Simulation(seed: seed).run()
            #expect(outcome.problems.isEmpty, "seed \(seed): \(outcome.problems.prefix(3))")
        }
    }

    @Test(arguments: SeededBug.allCases) func aMistakePutInIsFound(_ bug: SeededBug) {
        let found = (UInt64(1)...200).contains { !Simulation(seed: $0, bug: bug).run().problems.isEmpty }
        #expect(found, "\(bug.rawValue) was not found in 200 seeds")
    }
}
