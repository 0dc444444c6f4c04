import JSON
import StatesLanguage

/// `arn:aws:states:::ecs:runTask[.sync|.waitForTaskToken]`, on EC2 and on Fargate.
///
/// A task is started with a client token, so the same call after a restart gives the same task.
extension OptimizedService {
    package static let ecs = OptimizedService(
        "ecs", service: "ecs", ErrorNaming(prefix: "ECS", base: "AmazonECSException", label: "AmazonECS"),
        [
            "runTask": OptimizedAction(
                "runTask",
                job: JobPattern(
                    describe: { input, started in task("describeTasks", "Tasks", input, started, isList: true) },
                    state: state,
                    stop: { input, started in task("stopTask", "Task", input, started, isList: false) },
                    recovery: .startAgain)
            ).with {
                $0.finish = { (output) throws(Failure) in
                    guard let failures = output["Failures"]?.array, !failures.isEmpty, output["Tasks"]?.array?.isEmpty != false
                    else { return output }
                    throw Failure("ECS.AmazonECSException", output.text())
                }
            }
        ])

    private static func task(
        _ operation: String, _ member: String, _ input: JSONValue, _ started: JSONValue, isList: Bool
    ) -> JobPattern.Query? {
        guard let arn = started["Tasks"]?[0]?["TaskArn"] else { return nil }
        var parameters = JSONObject([(member, isList ? .array([arn]) : arn)])
        if let cluster = started["Tasks"]?[0]?["ClusterArn"] ?? input["Cluster"] { parameters["Cluster"] = cluster }
        return .init(operation, .object(parameters))
    }

    /// A task has succeeded when every essential container has ended with 0.
    private static func state(_ description: JSONValue) -> JobPattern.State {
        guard let task = description["Tasks"]?[0] else { return .running }
        guard task["LastStatus"]?.string == "STOPPED" else { return .running }
        let codes = (task["Containers"]?.array ?? []).map { $0["ExitCode"]?.wholeNumber }
        let isGood = !codes.isEmpty && codes.allSatisfy { $0 == 0 }
        return isGood ? .succeeded(task) : .failed(task)
    }
}
