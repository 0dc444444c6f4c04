import JSON

extension StateTest {
    /// ResultSelector, Assign, ResultPath, OutputPath (JSONPath), or Assign and Output (JSONata).
    mutating func leave(_ result: JSONValue) throws(Failure) -> Outcome {
        var scope = scope()
        if case .task = state.kind { show("result", result) }
        guard !isQuery else {
            if state.doesWork { scope.result = result }
            return try exit(scope, assign: state.assign, output: state.output, result: result, next: nextState)
        }
        var selected = result
        var output = result
        if let fields = resultFields {
            if let selector = fields.selector { selected = try selector.evaluate(scope.with(input: selected)) }
            show("afterResultSelector", selected)
            output = try fields.path.apply(selected, to: input)
            show("afterResultPath", output)
        }
        let assigned = try assignments(state.assign, scope.with(input: selected))
        output = try state.outputPath.apply(scope.with(input: output), field: "OutputPath")
        return succeeded(output, next: nextState, assigned: assigned)
    }

    private var resultFields: (selector: Template?, path: ResultPath)? {
        switch state.kind {
        case .pass(let pass): (nil, pass.resultPath)
        case .task(let task): (task.resultSelector, task.resultPath)
        case .parallel(let parallel): (parallel.resultSelector, parallel.resultPath)
        case .map(let map): (map.resultSelector, map.resultPath)
        case .choice, .wait, .succeed, .fail: nil
        }
    }

    /// A Choice's rule, a Catcher, and everything in JSONata.
    mutating func exit(
        _ scope: EvaluationScope, assign: Template?, output: Template?, result: JSONValue, next: String?
    ) throws(Failure) -> Outcome {
        let assigned = try assignments(assign, scope)
        var value = try output?.evaluate(scope) ?? result
        if !isQuery { value = try state.outputPath.apply(scope.with(input: value), field: "OutputPath") }
        return succeeded(value, next: next, assigned: assigned)
    }

    /// Retry, catch, or fail.
    mutating func failed(_ failure: Failure) -> Outcome {
        let shown = ErrorMatch.shown(failure.error)
        var outcome = Outcome(status: .failed, error: shown, cause: failure.cause, inspection: inspection)
        guard failure.error != ErrorName.runtime else { return outcome }
        if let index = state.retriers.firstIndex(where: { ErrorMatch.matches($0.errorEquals, failure.error) }) {
            let retrier = state.retriers[index]
            inspection.errorDetails["retryIndex"] = .integer(Int64(index))
            if retrierRetryCount < retrier.maxAttempts {
                let delay = retrier.delaySeconds(retry: retrierRetryCount)
                inspection.errorDetails["retryBackoffIntervalSeconds"] = .integer(Int64(delay))
                outcome.status = .retriable
                outcome.inspection = inspection
                return outcome
            }
        }
        outcome.inspection = inspection
        guard let index = state.catchers.firstIndex(where: { ErrorMatch.matches($0.errorEquals, failure.error) }) else { return outcome }
        inspection.errorDetails["catchIndex"] = .integer(Int64(index))
        do throws(Failure) {
            return try handled(state.catchers[index], failure, shown)
        } catch {
            return Outcome(status: .failed, error: error.error, cause: error.cause, inspection: inspection)
        }
    }

    private mutating func handled(_ catcher: Catcher, _ failure: Failure, _ shown: String?) throws(Failure) -> Outcome {
        let error = ErrorMatch.output(error: failure.error, cause: failure.cause)
        var scope = scope()
        var outcome: Outcome
        if isQuery {
            scope.errorOutput = error
            outcome = try exit(scope, assign: catcher.assign, output: catcher.output, result: error, next: machine[catcher.next].name)
        } else {
            let assigned = try assignments(catcher.assign, scope.with(input: error))
            let output = try catcher.resultPath.apply(error, to: input)
            outcome = succeeded(output, next: machine[catcher.next].name, assigned: assigned)
        }
        outcome.status = .caughtError
        outcome.error = shown
        outcome.cause = failure.cause
        return outcome
    }
}
