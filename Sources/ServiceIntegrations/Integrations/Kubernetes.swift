import AWSClient
import Curl
import JSON
import StatesLanguage

/// A cluster's own API: `arn:aws:states:::eks:call`, `eks:runJob[.sync]`.
///
/// The caller is known to the cluster by a token of EKS, the cluster to the caller by `CertificateAuthority`.
/// An answer above 399 is the error `EKS.<status>`. A job has its task in an annotation, by which a restarted
/// engine knows it; when it is unwanted, it is deleted with its pods.
package struct Kubernetes: Integration {
    private let client: AWSClient
    private let pace: JobPace
    static let annotation = "sfn-run/task"
    static let methods: Set<String> = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]

    package init(_ client: AWSClient, pace: JobPace = JobPace()) {
        self.client = client
        self.pace = pace
    }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        let cluster = try KubernetesCluster(client, request)
        if case .service(_, "call") = request.resource.kind { return try await call(cluster, request.input) }
        let job = try KubernetesJob(request)
        guard request.resource.pattern == .sync else {
            return try await cluster.send("POST", job.folder, body: job.definition).shown
        }
        return try await run(job, cluster, report)
    }

    private func call(_ cluster: KubernetesCluster, _ input: JSONValue) async throws(Failure) -> JSONValue {
        guard let method = input["Method"]?.string else { throw .missing("Method", input) }
        guard Self.methods.contains(method) else { throw .unusable(input, ["The value of the field 'Method' has an invalid format"]) }
        guard let path = input["Path"]?.string else { throw .missing("Path", input) }
        return try await cluster.send(method, path, query: input["QueryParameters"], body: input["RequestBody"]).shown
    }

    // MARK: runJob.sync

    private func run(_ job: KubernetesJob, _ cluster: KubernetesCluster, _ report: any TaskReport) async throws(Failure) -> JSONValue {
        let name = try await findOrStart(job, cluster, report)
        do throws(Failure) {
            return try await ended(job, name, cluster)
        } catch {
            if Task.isCancelled, !report.isShuttingDown {
                let path = "\(job.folder)/\(URLEncoding.encode(name))"
                await Task.detached { _ = try? await cluster.send("DELETE", path, query: ["propagationPolicy": ["Background"]]) }.value
            }
            throw error
        }
    }

    /// The job's name, once it exists.
    private func findOrStart(_ job: KubernetesJob, _ cluster: KubernetesCluster, _ report: any TaskReport) async throws(Failure) -> String {
        if job.isReattached {
            if let name = job.submitted?["ResponseBody"]?["metadata"]?["name"]?.string { return name }
            let jobs = try await cluster.send("GET", job.folder).body["items"]?.array ?? []
            if let name = jobs.first(where: job.isOwn)?["metadata"]?["name"]?.string { return name }
        }
        let answer = try await cluster.send("POST", job.folder, body: job.definition)
        report.submitted(answer.shown)
        guard let name = answer.body["metadata"]?["name"]?.string else {
            throw Failure(ErrorName.taskFailed, "The answer to the job's creation names no job: \(answer.body.text())")
        }
        return name
    }

    private func ended(_ job: KubernetesJob, _ name: String, _ cluster: KubernetesCluster) async throws(Failure) -> JSONValue {
        // The job survives a question without an answer.
        func survives(_ failure: Failure) -> Bool {
            guard let code = failure.error else { return false }
            return code == "EKS.429" || code.hasPrefix("EKS.5") || code == "EKS.SdkClientException"
        }
        return try await pace.result(survives: survives) { () throws(Failure) in
            let description = try await cluster.send("GET", "\(job.folder)/\(URLEncoding.encode(name))").body
            let conditions = description["status"]?["conditions"]?.array ?? []
            func has(_ type: String) -> Bool { conditions.contains { $0["type"]?.string == type && $0["status"]?.string == "True" } }
            guard has("Complete") || has("Failed") else { return nil }
            let shown = await withLogs(description, job, name, cluster)
            guard has("Complete") else { throw Failure(ErrorName.taskFailed, shown.text()) }
            return shown
        }
    }

    /// What the job's containers have printed, at its best: a log that cannot be read has its error in its place.
    private func withLogs(_ description: JSONValue, _ job: KubernetesJob, _ name: String, _ cluster: KubernetesCluster) async -> JSONValue {
        guard job.retrievesLogs, var object = description.object else { return description }
        var pods = JSONObject()
        do throws(Failure) {
            let found = try await cluster.send("GET", job.pods, query: ["labelSelector": .array([.string("job-name=\(name)")])])
            for pod in found.body["items"]?.array ?? [] {
                guard let podName = pod["metadata"]?["name"]?.string else { continue }
                var containers = JSONObject()
                for container in pod["spec"]?["containers"]?.array ?? [] {
                    guard let containerName = container["name"]?.string else { continue }
                    containers[containerName] = await log(of: containerName, podName, job, cluster)
                }
                pods[podName] = ["containers": .object(containers)]
            }
            object["logs"] = ["pods": .object(pods)]
        } catch {
            object["logs"] = ["error": .string(error.error ?? ""), "cause": .string(error.cause ?? "")]
        }
        return .object(object)
    }

    private func log(of container: String, _ pod: String, _ job: KubernetesJob, _ cluster: KubernetesCluster) async -> JSONValue {
        do throws(Failure) {
            var query = job.logParameters
            query["container"] = .array([.string(container)])
            let text = try await cluster.send("GET", "\(job.pods)/\(URLEncoding.encode(pod))/log", query: .object(query)).text
            if !job.wantsRawLogs, let parsed = try? JSONValue(parsing: text) { return ["log": parsed] }
            return ["log": .string(text)]
        } catch {
            return ["error": .string(error.error ?? ""), "cause": .string(error.cause ?? "")]
        }
    }
}

/// What `eks:runJob` was asked for.
struct KubernetesJob: Sendable {
    let definition: JSONValue
    /// `/apis/batch/v1/namespaces/default/jobs`
    let folder: String
    let pods: String
    let taskID: String
    let isReattached: Bool
    let submitted: JSONValue?
    let retrievesLogs: Bool
    let wantsRawLogs: Bool
    let logParameters: JSONObject

    init(_ request: TaskRequest) throws(Failure) {
        let input = request.input
        guard let given = input["Job"] else { throw .missing("Job", input) }
        guard var job = (given.string.flatMap { try? JSONValue(parsing: $0) } ?? given).object else {
            throw .unusable(input, ["The value of the field 'Job' is no JSON object"])
        }
        var metadata = job["metadata"]?.object ?? JSONObject()
        if request.resource.pattern == .sync {
            var annotations = metadata["annotations"]?.object ?? JSONObject()
            annotations[Kubernetes.annotation] = .string(request.taskID)
            metadata["annotations"] = .object(annotations)
        }
        job["metadata"] = .object(metadata)
        definition = .object(job)
        let namespace = URLEncoding.encode(input["Namespace"]?.string ?? metadata["namespace"]?.string ?? "default")
        folder = "/apis/batch/v1/namespaces/\(namespace)/jobs"
        pods = "/api/v1/namespaces/\(namespace)/pods"
        taskID = request.taskID
        isReattached = request.isReattached
        submitted = request.submitted
        let options = input["LogOptions"]
        func flag(_ name: String) -> Bool { options?[name] == true || options?[name]?.string == "true" }
        retrievesLogs = flag("RetrieveLogs")
        wantsRawLogs = flag("RawLogs")
        logParameters = options?["LogParameters"]?.object ?? JSONObject()
    }

    func isOwn(_ job: JSONValue) -> Bool { job["metadata"]?["annotations"]?[Kubernetes.annotation]?.string == taskID }
}
