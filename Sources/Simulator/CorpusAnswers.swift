import ExecutionDriver
import JSON
import StatesLanguage

/// What the functions and services of `statemachines/` answer: shaped as theirs, and now and then one of their errors.
enum CorpusAnswers {
    @Sendable static func answer(_ task: SimulatedTask, _ seed: UInt64) -> ExecutionDriver.Answer {
        let function = task.input["FunctionName"]?.string
        let called = function ?? String(task.resource.arn.split(separator: ":").last ?? "")
        let payload = function == nil ? task.input : task.input["Payload"] ?? .null
        var numbers = SeededNumbers(seed: SeededNumbers.hash("\(called) \(task.stateName) \(payload["candidate"]?.text() ?? "") \(task.retryCount)", seed))
        var answer = outcome(called, payload, task, &numbers)
        // lambda:invoke wraps what the function gives.
        if function != nil, task.resource.pattern != .waitForTaskToken, case .success(let output)? = answer.outcome {
            answer.outcome = .success(["ExecutedVersion": "$LATEST", "Payload": output, "StatusCode": 200])
        }
        return answer
    }

    private static func outcome(
        _ called: String, _ payload: JSONValue, _ task: SimulatedTask, _ numbers: inout SeededNumbers
    ) -> ExecutionDriver.Answer {
        switch called {
        case "ask-for-approval":
            if numbers.percent(20) { return .failure("Rejected", "no") }
            return .success(["limit": .integer(Int64(numbers.number(50...500))), "by": "Grace"])
        case "start-job": return .success(["id": "resize-12"])
        case "look-at-job":
            let isDone = payload["looks"]?.wholeNumber ?? 0 >= 2
            return .success(isDone ? ["state": "SUCCEEDED", "result": ["resized": 12]] : ["state": "RUNNING"])
        case "reserve-stock": return numbers.percent(20) ? .failure("OutOfStock", "book") : .success(["reservationId": "R-1"])
        case "charge-card":
            if task.retryCount == 0, numbers.percent(40) { return .failure("BankUnavailable", "try later") }
            return numbers.percent(20) ? .failure("CardDeclined", "card") : .success(["paymentId": "P-1"])
        case "ship-order": return numbers.percent(40) ? .failure("NoCarrier", "nobody") : .success(["tracking": "T-1"])
        case "refund-card": return .success(["refunded": payload["paymentId"] ?? .null])
        case "release-stock": return .success(["released": payload["reservationId"] ?? .null])
        case "extract":
            return .success(
                .array(
                    (2...6).map {
                        [
                            "day": "2025-03-01", "shop": .string($0 % 2 == 0 ? "north" : "south"), "amount": .integer($0), "currency": "EUR",
                            "line": .integer($0),
                        ]
                    }))
        case "convert": return .success(.integer((payload["amount"]?.wholeNumber ?? 1) * 2))
        case "load": return .success([["shop": "north", "days": 1, "total": 12]])
        case "list-files": return .success(["names": ["a.txt", "b.txt", "c.txt", "d.txt"]])
        case "count-words": return .success(["name": payload["name"] ?? .null, "words": 7, "counts": ["the": 3, "a": 4]])
        case "gather": return .success(["files": [], "words": 28, "mostCommon": []])
        case "slow-answer": return .never
        case "quick-answer": return .success(["answer": "left", "to": payload["question"] ?? .null])
        case "invoke":
            if task.retryCount < 2, numbers.percent(60) { return .failure("States.Http.StatusCode.503", "busy") }
            return .success(["StatusCode": 200, "ResponseBody": ["rates": ["EUR": 1.05], "tries": 3]])
        case "sum-readings":
            let count = Int64(payload["Items"]?.array?.count ?? 0)
            return .success(["readings": .integer(count), "hot": 1, "sum": .integer(count * 20)])
        case "total": return .success(["batches": .integer(Int64(payload["batches"]?.array?.count ?? 0)), "readings": 210])
        case "shrink": return .success(["name": payload["name"] ?? .null, "width": 320])
        case "train":
            let name = payload["candidate"]?["name"]?.string ?? ""
            if name == "broken" || task.retryCount == 0 && numbers.percent(20) { return .failure("OutOfMemory", "too large") }
            return .success(["name": .string(name), "rmse": .integer(Int64(numbers.number(50...70))), "r2": 0.5, "model": "model.joblib"])
        case "load-data": return .success(["path": "data.csv", "rows": 442, "columns": 10])
        case "prepare": return .success(["train": "train.csv", "test": "test.csv", "rows": 331])
        case "write-report": return .success(["best": "ridge", "report": "report.md"])
        default: return .failure("Unknown", called)
        }
    }
}
