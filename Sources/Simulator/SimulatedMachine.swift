import ExecutionDriver
import JSON
import LocalJobs
import StatesLanguage

/// A machine, what it is started with, and what its tasks answer.
package struct SimulatedMachine: Sendable {
    package let name: String
    package let definition: JSONValue
    package let input: JSONValue
    /// Where `s3://` is, for machines that read files.
    package let buckets: String?
    /// nil: as the seed says.
    let answer: (@Sendable (SimulatedTask, UInt64) -> ExecutionDriver.Answer)?

    package init(name: String, definition: JSONValue, input: JSONValue) {
        self.init(name: name, definition: definition, input: input, buckets: nil, answer: nil)
    }

    init(
        name: String, definition: JSONValue, input: JSONValue, buckets: String?,
        answer: (@Sendable (SimulatedTask, UInt64) -> ExecutionDriver.Answer)?
    ) {
        self.name = name
        self.definition = definition
        self.input = input
        self.buckets = buckets
        self.answer = answer
    }

    package static func generated(seed: UInt64) -> SimulatedMachine {
        var generator = MachineGenerator(seed: seed)
        generator.usesExtensions = seed % 3 == 0
        generator.usesEverything = true
        return SimulatedMachine(name: "generated", definition: generator.definition(), input: MachineGenerator.input)
    }

    func with(_ definition: JSONValue) -> SimulatedMachine {
        SimulatedMachine(name: name, definition: definition, input: input, buckets: buckets, answer: answer)
    }

    /// The folders of `statemachines/`, their tasks answered as their functions do.
    package static func corpus(in folder: String) throws -> [SimulatedMachine] {
        try Files.names(folder).sorted().compactMap { name in
            let place = "\(folder)/\(name)"
            guard Files.exists("\(place)/machine.asl.json") else { return nil }
            let buckets = "\(place)/buckets"
            return SimulatedMachine(
                name: name, definition: try JSONValue(parsing: try Files.read("\(place)/machine.asl.json")),
                input: try JSONValue(parsing: try Files.read("\(place)/input.json")), buckets: Files.exists(buckets) ? buckets : nil,
                answer: CorpusAnswers.answer)
        }
    }
}

/// A task as those who answer it see it.
struct SimulatedTask: Sendable {
    let stateName: String
    let resource: TaskResource
    let input: JSONValue
    let retryCount: Int
    let timesOut: Bool
}
