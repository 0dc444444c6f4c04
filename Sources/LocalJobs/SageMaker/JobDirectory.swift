import Glibc
import JSON

/// The folder of one job: all that is known of it, so that whoever comes later, this engine or the next, finds it.
///
///     request.json   {"TaskID", "CreationTime", "Request"}; made first, by one engine only
///     ml/            what the job sees as /opt/ml
///     job.sh, run.sh the supervisor and what it runs
///     prepared       inputs are there, the scripts are written
///     supervisor     "<pid> <start time>" of the supervising shell
///     process        the job's process, which leads its own session
///     log            all that the job printed
///     started, ended milliseconds since 1970
///     reason         why it was ended from outside: Stopped, MaxRuntimeExceeded
///     finished       exit status of packing and uploading the results
///     exit           exit status of the job; made last: the job is over
struct JobDirectory: Sendable {
    let kind: JobKind
    let name: String
    let path: String

    var ml: String { "\(path)/ml" }
    func file(_ name: String) -> String { "\(path)/\(name)" }

    func text(_ name: String) -> String? {
        (try? Files.read(file(name))).map { CommandFunction.trimmed(String(decoding: $0, as: UTF8.self)) }
    }

    func json(_ name: String) -> JSONValue? { (try? Files.read(file(name))).flatMap { try? JSONValue(parsing: $0) } }

    func write(_ text: String, _ name: String, mode: mode_t = 0o644) throws(JobFailure) {
        do { try Files.write(text, to: file(name), mode: mode) } catch { throw .internalError(error.description) }
    }

    func makeFolder(_ relative: String) throws(JobFailure) {
        do { try Files.makeFolder("\(path)/\(relative)") } catch { throw .internalError(error.description) }
    }

    var request: JSONValue { json("request.json")?["Request"] ?? .object(JSONObject()) }
    var taskID: String? { json("request.json")?["TaskID"]?.string }
    var creationTime: Int64 { json("request.json")?["CreationTime"]?.wholeNumber ?? 0 }
    var isOver: Bool { Files.exists(file("exit")) }

    /// Makes the folder for a job of this request; false: there is one of that name.
    func claim(taskID: String, request: JSONValue) throws(JobFailure) -> Bool {
        do { try Files.makeFolder(path) } catch { throw .internalError(error.description) }
        let content: JSONValue = [
            "TaskID": .string(taskID), "CreationTime": .integer(Timestamps.milliseconds()), "Request": request,
        ]
        // With all of its content or not at all: an engine may die here.
        let temporary = file("request.json.\(getpid())-\(UInt32.random(in: 0 ... .max)).part")
        do { try Files.write(content.bytes(), to: temporary) } catch { throw .internalError(error.description) }
        defer { unlink(temporary) }
        if link(temporary, file("request.json")) == 0 { return true }
        if errno == EEXIST { return false }
        throw .internalError("\(path): \(errorText(errno))")
    }

    // MARK: its processes

    /// Whether the supervisor has written its name: the file is there a moment before its text.
    var hasSupervisorsName: Bool { text("supervisor")?.isEmpty == false }

    /// The supervising shell, if it lives: the start time tells it from another process with its number.
    var supervisor: pid_t? {
        guard let parts = text("supervisor")?.split(separator: " "), parts.count == 2, let pid = pid_t(String(parts[0])) else { return nil }
        guard let start = Self.startTime(pid), start == parts[1] else { return nil }
        return pid
    }

    /// Clock ticks since boot at which a living process started.
    static func startTime(_ pid: pid_t) -> String? {
        guard let bytes = try? Files.read("/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        // The name, in brackets, may hold anything.
        guard let bracket = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: bracket)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return String(fields[19])
    }

    func signal(_ number: Int32) {
        if !isOver, supervisor != nil, let pid = text("process").flatMap({ pid_t($0) }), pid > 1 { kill(-pid, number) }
    }

    /// What became of the job.
    var status: JobStatus {
        if let exit = text("exit").flatMap({ Int($0) }) {
            switch text("reason") {
            case "Stopped": return .stopped
            case "MaxRuntimeExceeded": return kind == .training ? .stopped : .failed
            default: return exit == 0 && text("finished") == "0" ? .completed : .failed
            }
        }
        if Files.exists(file("failed")) { return .failed }
        if supervisor != nil { return text("reason") == nil ? .inProgress : .stopping }
        // No supervisor and no exit status: not started yet, or the machine went down under it.
        return hasSupervisorsName ? .failed : .inProgress
    }
}

extension JobFailure {
    /// A fault of this machine or engine, which SageMaker would call its own.
    static func internalError(_ cause: String) -> JobFailure {
        JobFailure("SageMaker.InternalServerException", "InternalServerError: \(cause)")
    }

    static func validation(_ cause: String) -> JobFailure {
        JobFailure(
            "SageMaker.SageMakerException",
            "\(cause) (Service: SageMaker, Status Code: 400, Request ID: \(Identifiers.uuid()), Error Code: ValidationException)")
    }

    /// Names as `SageMaker.ResourceNotFoundException`.
    static func sageMaker(_ code: String, _ cause: String) -> JobFailure {
        JobFailure("SageMaker.\(code)Exception", "\(cause) (Service: SageMaker, Status Code: 400, Request ID: \(Identifiers.uuid()))")
    }
}
