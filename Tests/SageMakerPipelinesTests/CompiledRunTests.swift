import Foundation
import JSON
import SageMakerPipelines
import StatesLanguage
import Testing

@Suite struct CompiledRunTests {
    /// `scripts/random-pipelines` asks for 10,000 and more (`SFN_DAGS`).
    static let count = ProcessInfo.processInfo.environment["SFN_DAGS"].flatMap(UInt64.init) ?? 2_000
    static let first = ProcessInfo.processInfo.environment["SFN_FIRST_DAG"].flatMap(UInt64.init) ?? 1

    private func run(_ pipeline: RandomPipeline, _ options: CompileOptions = CompileOptions()) throws -> Trace {
        let compiled = pipeline.definition.compile(options)
        var run = try #require(MachineRun(compiled.machine))
        let steps = Set(pipeline.definition.allSteps.map(\.step.name))
        run.run(input: try pipeline.definition.executionInput(), steps: steps) { invocation in
            let name = invocation.stateName
            let duration = pipeline.durations[name] ?? 1
            if pipeline.failing.contains(name) { return (duration, .failure("Boom", "it was meant to")) }
            let payload = invocation.schedule.input["Payload"] ?? .null
            return (duration, .success(["Payload": ["v": .string(RandomPipeline.result(payload))], "StatusCode": 200]))
        }
        return run.trace
    }

    @Test func randomGraphsRunAsTheDefinitionSays() throws {
        var bad = 0
        for seed in Self.first..<(Self.first + Self.count) {
            let pipeline = RandomPipeline(seed: seed)
            let expected = ReferenceInterpreter(pipeline: pipeline).run()
            let found = try run(pipeline)
            if Self.comparable(found) != Self.comparable(expected) {
                bad += 1
                Issue.record(
                    "seed \(seed)\nexpected \(Self.text(expected))\nfound    \(Self.text(found))\n\(pipeline.definition.json.text())\n\(pipeline.definition.compile().machine.text())"
                )
                if bad > 3 { return }
            }
        }
    }

    @Test func aLimitOfConcurrencyHoldsAndChangesNothingElse() throws {
        for seed in Self.first..<(Self.first + min(Self.count, 400)) {
            let pipeline = RandomPipeline(seed: seed, failures: false)
            let free = ReferenceInterpreter(pipeline: pipeline).run()
            for limit in [1, 2] {
                let found = try run(pipeline, CompileOptions(maxParallelExecutionSteps: limit))
                #expect(found.mostAtOnce <= limit, "seed \(seed)")
                #expect(
                    found.statuses == free.statuses && found.payloads == free.payloads && found.succeeded == free.succeeded,
                    "seed \(seed) limit \(limit)\nexpected \(Self.text(free))\nfound    \(Self.text(found))\n\(pipeline.definition.json.text())\n\(pipeline.definition.compile().machine.text())"
                )
            }
        }
    }

    /// Nothing orders a Fail step among what may start at the same instant, so what starts then is left out.
    static func comparable(_ trace: Trace) -> Trace {
        guard let end = trace.started.filter({ $0.key.hasPrefix("F") }).values.min() else { return trace }
        var result = trace
        result.mostAtOnce = 0
        for (name, start) in trace.started where start >= end {
            result.started[name] = nil
            result.statuses[name] = nil
            result.payloads[name] = nil
        }
        return result
    }

    static func text(_ trace: Trace) -> String {
        let steps = trace.started.sorted { $0.value < $1.value }.map { "\($0.key)@\($0.value):\(trace.statuses[$0.key] ?? "?")" }
        return "\(trace.succeeded ? "ok" : "failed") most \(trace.mostAtOnce) \(steps.joined(separator: " "))"
    }
}
