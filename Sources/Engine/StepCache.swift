import Digest
import JSON
import ServiceIntegrations
import StatesLanguage
import Store

/// What the rooms above know of the extension `Cache`: which parts of a task count, and what its files hold.
package struct StepCaching: Sendable {
    /// What counts of a task; nil: it is never reused. May read files: called off the engine's thread.
    package var subject: @Sendable (TaskRequest) -> StepCacheSubject?
    /// What the files hold that a result names, by name; nil: nobody looks.
    package var outputs: @Sendable (_ result: JSONValue) -> JSONObject?
    /// Where two subjects differ: `[{"Field": "/HyperParameters/eta", "Before": …, "Now": …}]`.
    package var differences: @Sendable (_ before: JSONValue, _ now: JSONValue) -> [JSONValue]

    package init(
        subject: @escaping @Sendable (TaskRequest) -> StepCacheSubject?, outputs: @escaping @Sendable (JSONValue) -> JSONObject?,
        differences: @escaping @Sendable (JSONValue, JSONValue) -> [JSONValue]
    ) {
        self.subject = subject
        self.outputs = outputs
        self.differences = differences
    }
}

/// What makes two attempts of a step the same.
package struct StepCacheSubject: Sendable, Equatable {
    /// The members of the request that count.
    package let fields: JSONObject
    /// SHA-256 of what the files hold that they name.
    package let contents: JSONObject
    /// `Cache.ExpireAfter` in seconds; nil: a success never gets too old.
    package let expireAfterSeconds: Int64?

    package init(fields: JSONObject, contents: JSONObject, expireAfterSeconds: Int64?) {
        self.fields = fields
        self.contents = contents
        self.expireAfterSeconds = expireAfterSeconds
    }

    var json: JSONObject { JSONObject([("Fields", .object(fields)), ("Contents", .object(contents))]) }
}

/// One attempt of a task with `Cache`: reuses an earlier success, or runs and keeps its own.
///
/// The decision is in the history (`CacheDecided`) before anything is started, so a replay never asks again: a task that
/// missed and was started is attached to, whatever has succeeded elsewhere since.
struct StepCache: Sendable {
    private let engine: ExecutionEngine
    private let caching: StepCaching
    private let execution: ExecutionID
    private let invocation: TaskInvocation
    private let request: TaskRequest
    private let scope: String

    /// nil: the task is not to be reused.
    init?(_ thread: EngineThread, _ live: LiveExecution, _ invocation: TaskInvocation, _ request: TaskRequest) {
        guard let caching = thread.options.stepCaching, request.cache?["Enabled"]?.bool == true,
            request.resource.pattern != .waitForTaskToken, Digest.isAvailable
        else { return nil }
        engine = thread.engine
        self.caching = caching
        execution = live.id
        self.invocation = invocation
        self.request = request
        scope = live.stateMachineARN
    }

    /// What became of the task, and the success to keep.
    func serve(_ run: () async -> Stimulus?) async -> (Stimulus?, StepCacheEntry?) {
        guard !request.input.isNested(deeperThan: 100), let subject = caching.subject(request) else { return (await run(), nil) }
        let key = key(subject)
        // A repeated attempt, or one that a dead engine began: the cache had nothing.
        if invocation.retryCount == 0, !invocation.hasMissedCache {
            guard let found = try? look(key, subject) else { return (await run(), nil) }
            if let output = found.output {
                return (.taskReused(invocation.frame, scheduled: invocation.scheduled, output: output, decision: .object(found.decision)), nil)
            }
            let missed = Stimulus.taskCacheMissed(invocation.frame, scheduled: invocation.scheduled, decision: .object(found.decision))
            let execution = execution
            do {
                try await engine.inTurn { turn in turn.deliver(missed, to: execution) }
            } catch {
                return (nil, nil)
            }
            if Task.isCancelled { return (nil, nil) }
        }
        let stimulus = await run()
        guard case .taskSucceeded(_, _, let output)? = stimulus else { return (stimulus, nil) }
        return (stimulus, entry(key, subject, output))
    }

    private func key(_ subject: StepCacheSubject) -> String {
        let whole: JSONValue = ["Scope": .string(scope), "Step": .string(request.stateName), "Subject": .object(subject.json)]
        return Digest.hex(whole.text(.canonical), algorithm: .sha256)
    }

    private func entry(_ key: String, _ subject: StepCacheSubject, _ output: JSONValue) -> StepCacheEntry {
        var fields = subject.json
        fields["Outputs"] = caching.outputs(output).map { .object($0) }
        return StepCacheEntry(
            key: key, scope: scope, step: request.stateName, fields: JSONValue.object(fields).text(), result: output.text(),
            executionARN: request.executionARN, createdMilliseconds: engine.options.clock().milliseconds)
    }

    // MARK: looking

    private func look(_ key: String, _ subject: StepCacheSubject) throws -> (output: JSONValue?, decision: JSONObject) {
        let scope = scope
        let step = request.stateName
        let (same, latest) = try engine.store.read { tx in
            (try tx.cachedStep(key: key, notBefore: .min), try tx.latestCachedStep(scope: scope, step: step))
        }
        var decision = JSONObject([("Outcome", "Miss")])
        var output: JSONValue?
        if let same {
            decision["SourcePipelineExecutionArn"] = .string(same.executionARN)
            decision["SucceededAt"] = .integer(same.createdMilliseconds)
            let fields = try JSONValue(parsing: same.fields, limits: .stored)
            let result = try JSONValue(parsing: same.result, limits: .stored)
            if let seconds = subject.expireAfterSeconds, isOlder(same, than: seconds) {
                decision["Reason"] = "Expired"
                decision["ExpireAfterSeconds"] = .integer(seconds)
            } else if let before = fields["Outputs"]?.object, let now = caching.outputs(result), now != before {
                decision["Reason"] = "OutputsChanged"
                decision["Differences"] = .array(caching.differences(.object(before), .object(now)))
            } else {
                decision["Outcome"] = "Hit"
                output = result
            }
        } else if let latest {
            let before = try JSONValue(parsing: latest.fields, limits: .stored)
            decision["SourcePipelineExecutionArn"] = .string(latest.executionARN)
            decision["SucceededAt"] = .integer(latest.createdMilliseconds)
            decision["Reason"] = "Differs"
            let old: JSONValue = ["Fields": before["Fields"] ?? .null, "Contents": before["Contents"] ?? .null]
            decision["Differences"] = .array(caching.differences(old, .object(subject.json)))
        } else {
            decision["Reason"] = "NothingStored"
        }
        decision["Key"] = .string(key)
        for (name, value) in subject.json { decision[name] = value }
        return (output, decision)
    }

    private func isOlder(_ entry: StepCacheEntry, than seconds: Int64) -> Bool {
        let (age, overflow) = engine.options.clock().milliseconds.subtractingReportingOverflow(entry.createdMilliseconds)
        let (limit, isEndless) = seconds.multipliedReportingOverflow(by: 1000)
        return !overflow && !isEndless && age > limit
    }
}
