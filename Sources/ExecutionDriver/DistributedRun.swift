import JSON
import StatesLanguage

/// The run of a distributed Map without ItemReader and ResultWriter, its children one after the other.
struct DistributedRun {
    let execution: Execution
    let request: MapRunRequest
    let now: Timestamp
    let answer: (TaskInvocation) -> ExecutionDriver.Answer

    func run() -> Result<JSONValue, Failure> {
        Result { () throws(Failure) in .array(try results()) }
    }

    private func results() throws(Failure) -> [JSONValue] {
        guard let plan = try execution.mapRunPlan(request), let items = plan.items, let machine = StateMachine.read(plan.definition).machine else {
            throw Failure(ErrorName.itemReaderFailed, "There is no file to read here.")
        }
        var inputs: [(input: JSONValue, item: JSONValue?)] = []
        for (index, item) in items.values.enumerated() {
            let key = items.keys?[index]
            inputs.append((try plan.input(item, index: index, key: key, source: nil), plan.mapItem(item, index, key, nil)))
        }
        if plan.maxItemsPerBatch != nil || plan.maxInputBytesPerBatch != nil { inputs = batches(inputs.map(\.input), plan) }
        var results: [JSONValue] = []
        var failed = 0
        for (index, (input, item)) in inputs.enumerated() {
            var driver = ExecutionDriver(machine: machine, header: .testing(name: "child-\(index)"), quotas: execution.quotas, now: now, answer: answer)
            driver.setChildItem(item)
            if driver.run(input) == .succeeded, let output = driver.execution.output {
                results.append(output)
                continue
            }
            failed += 1
            if plan.isExceeded(failed: failed, total: inputs.count) {
                throw Failure(ErrorName.exceedToleratedFailureThreshold, "The specified tolerated failure threshold was exceeded")
            }
        }
        return results
    }

    private func batches(_ items: [JSONValue], _ plan: MapRunPlan) -> [(input: JSONValue, item: JSONValue?)] {
        var batches: [(input: JSONValue, item: JSONValue?)] = []
        var batch: [JSONValue] = []
        func input(_ items: [JSONValue]) -> JSONValue {
            var input = JSONObject()
            if let given = plan.batchInput { input["BatchInput"] = given }
            input["Items"] = .array(items)
            return .object(input)
        }
        for item in items {
            let isFull = plan.maxItemsPerBatch.map { batch.count >= $0 } ?? false
            let isHeavy = plan.maxInputBytesPerBatch.map { input(batch + [item]).byteCount > $0 } ?? false
            if !batch.isEmpty, isFull || isHeavy {
                batches.append((input(batch), nil))
                batch = []
            }
            batch.append(item)
        }
        if !batch.isEmpty { batches.append((input(batch), nil)) }
        return batches
    }
}
