import Glibc
import JSON

/// SageMaker on this machine, without containers and without AWS: jobs are processes, each in a folder of its own.
///
/// A job outlives the engine that started it: it is found again by its name, and a second create of the same task attaches
/// to the first one's job.
package struct SageMakerJobs: Sendable {
    package let region: String
    package let account: String
    let root: String
    let environment: JobEnvironment
    let data: JobData
    /// nil: found out once.
    var container: ContainerPaths?

    package init(_ configuration: Configuration) {
        region = configuration.services.region
        account = configuration.services.account
        root = "\(configuration.dataDirectory)/sagemaker"
        let buckets = LocalBuckets(configuration)
        data = JobData(buckets: buckets)
        environment = JobEnvironment(
            region: region, account: account, buckets: buckets, images: ImageCatalog(images: configuration.images),
            venvs: VirtualEnvironments(folder: "\(configuration.dataDirectory)/venvs"), programs: "\(configuration.dataDirectory)/programs",
            services: LocalServices(configuration))
    }

    /// What a call of the engine brings with it.
    package struct Caller: Sendable {
        /// Stable over restarts; a job of this task is attached to, not started again.
        package let taskID: String
        /// For jobs without a name.
        package let stateName: String
        /// Asked when the Swift task is cancelled: whether the job shall live on.
        package let leavesRunning: @Sendable () -> Bool
        package let log: @Sendable (_ bytes: [UInt8]) -> Void
        /// The service took the job: the Create… response.
        package let submitted: @Sendable (JSONValue) -> Void

        package init(
            taskID: String, stateName: String = "job", leavesRunning: @escaping @Sendable () -> Bool = { false },
            log: @escaping @Sendable ([UInt8]) -> Void = { _ in }, submitted: @escaping @Sendable (JSONValue) -> Void = { _ in }
        ) {
            self.taskID = taskID
            self.stateName = stateName
            self.leavesRunning = leavesRunning
            self.log = log
            self.submitted = submitted
        }
    }

    /// How a job that was waited for ended.
    package enum Ending: Sendable {
        /// The Describe… response.
        case ended(JobStatus, JSONValue)
        /// The Swift task was cancelled: the job was stopped, or lives on.
        case cancelled
    }

    // MARK: create and wait

    /// Create… and wait for the end (`.sync`).
    package func run(_ kind: JobKind, _ request: JSONValue, _ caller: Caller) async throws(JobFailure) -> Ending {
        let directory = try claim(kind, request, caller)
        caller.submitted(createResponse(directory))
        if kind == .tuning { return try await TuningJob(jobs: self, directory: directory).run(caller) }
        if !directory.isOver, !Files.exists(directory.file("failed")), directory.supervisor == nil, !Files.exists(directory.file("supervisor")) {
            await start(directory, caller)
        }
        if !Files.exists(directory.file("failed")) {
            let isOver = await JobSupervision.follow(directory, leavesRunning: caller.leavesRunning, log: caller.log)
            if !isOver { return .cancelled }
        } else if let reason = directory.json("failed")?["Reason"]?.string {
            caller.log(Array("\(reason)\n".utf8))
        }
        if Task.isCancelled { return .cancelled }
        return .ended(directory.status, describe(directory))
    }

    /// Create… alone: the job runs on by itself. The Create… response.
    package func create(_ kind: JobKind, _ request: JSONValue, _ caller: Caller) async throws(JobFailure) -> JSONValue {
        let directory = try claim(kind, request, caller)
        let jobs = self
        // Preparing may take a while (a virtual environment), and the answer does not wait for it.
        Task { _ = try? await jobs.run(kind, request, Caller(taskID: caller.taskID, stateName: caller.stateName, leavesRunning: { true }, log: caller.log)) }
        return createResponse(directory)
    }

    func directory(_ kind: JobKind, _ name: String) -> JobDirectory {
        JobDirectory(kind: kind, name: name, path: "\(root)/\(kind.rawValue)s/\(name)")
    }

    func createResponse(_ directory: JobDirectory) -> JSONValue {
        .object(JSONObject([("\(directory.kind.noun)Arn", .string(directory.kind.arn(directory.name, region: region, account: account)))]))
    }

    func describe(_ directory: JobDirectory) -> JSONValue {
        let path = directory.file("description.json")
        if let known = directory.json("description.json") { return known }
        let description = JobDescription(region: region, account: account).describe(directory)
        // Of a job that is over nothing changes any more, and reading its metrics from a long log takes time.
        if directory.isOver { try? Files.write(description.bytes(), to: path) }
        return description
    }

    func claim(_ kind: JobKind, _ request: JSONValue, _ caller: Caller) throws(JobFailure) -> JobDirectory {
        let name = try name(kind, request, caller)
        let directory = directory(kind, name)
        if try directory.claim(taskID: caller.taskID, request: request) { return directory }
        if directory.taskID == caller.taskID { return directory }
        throw JobFailure.sageMaker(
            "ResourceInUse",
            "Job name must be unique within an AWS account and region, and a job with this name already exists (\(kind.arn(name, region: region, account: account)))"
        )
    }

    private func name(_ kind: JobKind, _ request: JSONValue, _ caller: Caller) throws(JobFailure) -> String {
        guard let name = request["\(kind.noun)Name"]?.string else {
            // The task's end is what tells it from other tasks.
            let prefix = caller.stateName.unicodeScalars.map { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil) ? Character(scalar) : "-"
            }
            let head = String(prefix).split(separator: "-").joined(separator: "-").prefix(kind.longestName - 13)
            let hash = Array(caller.taskID.utf8).reduce(into: UInt64(0xcbf2_9ce4_8422_2325)) { $0 = ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            return "\(head.isEmpty ? "job" : head)-\(Identifiers.hex(hash, 16).prefix(12))"
        }
        let isValid =
            !name.isEmpty && name.utf8.count <= kind.longestName && !name.hasPrefix("-") && !name.hasSuffix("-")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        guard isValid else {
            throw JobFailure.validation(
                "1 validation error detected: Value '\(name)' at '\(kind.noun.prefix(1).lowercased())\(kind.noun.dropFirst())Name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,\(kind.longestName - 1)}"
            )
        }
        return name
    }

    // MARK: start

    /// Lays the job's folder out and starts it. What goes wrong here is the job's failure, as it is on AWS.
    private func start(_ directory: JobDirectory, _ caller: Caller) async {
        do {
            Files.remove(directory.ml)
            var container = self.container
            if container == nil { container = await ContainerPaths.current() }
            let script = try await prepare(directory, directory.request, caller.log)
            try script.write(to: directory, container: container ?? ContainerPaths(way: .rewriting))
            try directory.write("", "prepared")
            if Task.isCancelled { return abandon(directory, caller) }
            try await JobSupervision.start(directory)
        } catch {
            if Task.isCancelled { return abandon(directory, caller) }
            fail(directory, error.cause)
        }
    }

    /// Cancelled before its process began: an engine that goes away leaves it as it is, to be prepared anew.
    private func abandon(_ directory: JobDirectory, _ caller: Caller) {
        if caller.leavesRunning() { return }
        try? directory.write("Stopped", "reason")
        try? directory.write("143", "exit")
    }

    func fail(_ directory: JobDirectory, _ reason: String) {
        let failed: JSONValue = ["Reason": .string(reason), "Time": .integer(Timestamps.milliseconds())]
        try? Files.write(failed.bytes(), to: directory.file("failed"))
    }

    private func prepare(
        _ directory: JobDirectory, _ request: JSONValue, _ log: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(JobFailure)
        -> JobScript
    {
        switch directory.kind {
        case .processing: try await ProcessingJob(environment: environment, data: data).prepare(directory, request, log: log)
        case .training: try await TrainingJob(environment: environment, data: data).prepare(directory, request, log: log)
        case .transform: try await TransformJob(environment: environment, data: data, models: records).prepare(directory, request, log: log)
        case .autoML: try await AutoMLJob(environment: environment, data: data).prepare(directory, request, log: log)
        case .tuning: throw .internalError("a tuning job has no process of its own")
        }
    }

    // MARK: describe and stop

    package func describe(_ kind: JobKind, name: String) throws(JobFailure) -> JSONValue {
        let directory = directory(kind, name)
        guard !name.contains("/"), Files.exists(directory.file("request.json")) else { throw notFound(kind) }
        return describe(directory)
    }

    package func stop(_ kind: JobKind, name: String) async throws(JobFailure) {
        let directory = directory(kind, name)
        guard !name.contains("/"), Files.exists(directory.file("request.json")) else { throw notFound(kind) }
        if kind == .tuning {
            try? directory.write("Stopped", "reason")
        } else {
            await JobSupervision.stop(directory)
        }
    }

    /// Names of the jobs of a kind, the newest first.
    package func list(_ kind: JobKind) -> [String] {
        Files.names("\(root)/\(kind.rawValue)s").map { directory(kind, $0) }.sorted { $0.creationTime > $1.creationTime }.map(\.name)
    }

    /// All values of a training job's metrics in the order in which they were printed: `[{"MetricName", "Value"}]`.
    package func metricValues(trainingJob name: String) -> [(name: String, value: Double)] {
        let directory = directory(.training, name)
        return JobDescription(region: region, account: account).metrics(directory, directory.request).map { ($0.name, $0.value) }
    }

    package func log(_ kind: JobKind, name: String) -> [UInt8] { (try? Files.read(directory(kind, name).file("log"))) ?? [] }

    private func notFound(_ kind: JobKind) -> JobFailure { .sageMaker("ResourceNotFound", "Requested resource not found.") }

    package var records: SageMakerRecords { SageMakerRecords(root: root, region: region, account: account) }

    /// The error name for a job that ended without success: SageMaker Pipelines' retry policies tell these from
    /// the fault of a script (shared/spec/sagemaker-pipelines.md section 2.4), which is `States.TaskFailed` as on AWS.
    package static func errorName(_ description: JSONValue) -> String {
        let reason = description["FailureReason"]?.string ?? ""
        if reason.hasPrefix("InternalServerError") { return "SageMaker.JOB_INTERNAL_ERROR" }
        let isCapacity = reason.hasPrefix("CapacityError") || reason.contains("InsufficientInstanceCapacity") || reason.contains("insufficient capacity")
        return isCapacity ? "SageMaker.CAPACITY_ERROR" : "States.TaskFailed"
    }
}
