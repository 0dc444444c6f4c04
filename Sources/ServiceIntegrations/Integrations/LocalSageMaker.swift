import JSON
import LocalJobs
import StatesLanguage

/// SageMaker on this machine: `arn:aws:states:::sagemaker:create…Job[.sync]`, models, endpoints and the registry (also as
/// `aws-sdk:sagemaker:…`), and what pipelines need besides: `arn:aws:states:::sfn-run:…`.
package struct LocalSageMaker: Integration {
    private let jobs: SageMakerJobs
    private let checks: BaselineCheck
    private let commands: MappedCommands

    package init(_ configuration: Configuration) {
        jobs = SageMakerJobs(configuration)
        checks = BaselineCheck(jobs)
        commands = MappedCommands(configuration)
    }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        guard case .service(let service, let action) = request.resource.kind else { throw unknown(request) }
        let caller = SageMakerJobs.Caller(
            taskID: request.taskID, stateName: request.stateName, leavesRunning: { report.isShuttingDown },
            log: { report.log($0) }, submitted: { if request.resource.pattern != .requestResponse { report.submitted($0) } })
        do throws(JobFailure) {
            if let result = try await jobAction(action, request, caller) { return try result.get() }
            if service == "sfn-run", let result = try await ownAction(action, request, caller) { return try result.get() }
            if let result = try jobs.records.perform(action, request.input, taskID: request.taskID) {
                // Waiting for an endpoint: it is in service at once, and its description is the result.
                if request.resource.pattern == .sync, let noun = Self.noun(action) {
                    return try jobs.records.perform("describe\(noun)", request.input) ?? result
                }
                return result
            }
        } catch {
            throw Failure(error.error, error.cause)
        }
        throw unknown(request)
    }

    private typealias Outcome = Result<JSONValue, JobFailure>

    private static func noun(_ action: String) -> String? {
        for verb in ["create", "update"] where action.hasPrefix(verb) { return String(action.dropFirst(verb.count)) }
        return nil
    }

    /// create…, describe…, stop… of a job; nil: none of these.
    private func jobAction(_ action: String, _ request: TaskRequest, _ caller: SageMakerJobs.Caller) async throws(JobFailure) -> Outcome? {
        for verb in ["create", "describe", "stop"] where action.hasPrefix(verb) {
            guard let kind = JobKind(noun: String(action.dropFirst(verb.count))) else { continue }
            let name = request.input["\(kind.noun)Name"]?.string ?? ""
            switch verb {
            case "describe": return .success(try jobs.describe(kind, name: name))
            case "stop":
                try await jobs.stop(kind, name: name)
                return .success(.object(JSONObject()))
            default:
                guard request.resource.pattern == .sync else { return .success(try await jobs.create(kind, request.input, caller)) }
                return try ended(await jobs.run(kind, request.input, caller))
            }
        }
        return nil
    }

    private func ended(_ ending: SageMakerJobs.Ending) throws(JobFailure) -> Outcome {
        switch ending {
        case .cancelled: return .failure(JobFailure(ErrorName.taskFailed, "The task was cancelled."))
        case .ended(.completed, let description): return .success(description)
        case .ended(.stopped, let description) where description["SecondaryStatus"]?.string == "MaxRuntimeExceeded":
            // A training job that ran out of time keeps the model it has.
            return .success(description)
        case .ended(_, let description): return .failure(JobFailure(SageMakerJobs.errorName(description), description.text()))
        }
    }

    private func ownAction(_ action: String, _ request: TaskRequest, _ caller: SageMakerJobs.Caller) async throws(JobFailure) -> Outcome? {
        switch action {
        case "qualityCheck", "clarifyCheck":
            switch try await checks.run(request.input, caller) {
            case .passed(let result): return .success(result)
            case .ended(let ending): return try ended(ending)
            }
        case "emrStep", "emrServerlessJob": return .success(try await commands.run(action, request.input, caller))
        case "recordLineage": return .success(try Lineage(jobs).record(request.input, taskID: request.taskID))
        case "reuse":
            // A step that was not selected: what an earlier execution left stands in the arguments, as text.
            guard let text = request.input["Result"]?.string, let result = try? JSONValue(parsing: text, limits: .stored) else {
                throw JobFailure(ErrorName.runtime, "The result to reuse is not JSON.")
            }
            return .success(result)
        case "cleanup": return .success(Cleanup(jobs).remove(request.input))
        case "createInferenceComponent":
            let name = request.input["InferenceComponentName"]?.string ?? request.stateName
            var result = request.input.object ?? JSONObject()
            result["InferenceComponentArn"] = .string("arn:aws:sagemaker:\(jobs.region):\(jobs.account):inference-component/\(name.lowercased())")
            result["InferenceComponentStatus"] = "InService"
            return .success(.object(result))
        default: return nil
        }
    }

    private func unknown(_ request: TaskRequest) -> Failure {
        Failure(ErrorName.runtime, "The resource \(request.resource.arn) is not available on this machine.")
    }
}
