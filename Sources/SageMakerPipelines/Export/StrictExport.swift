import JSON

/// A pipeline for AWS Step Functions.
public struct ExportedPipeline: Sendable {
    /// Strict ASL, without any extension.
    public let machine: JSONValue
    /// What the machine does otherwise than the pipeline, one sentence each, and why.
    public let losses: [String]
    /// Which state each step became, and which read files for it.
    public let placements: [StepPlacement]
    /// The IAM policy that the machine's role needs.
    public let policy: JSONValue
    /// The longest way through the machine against that through the pipeline, if every step takes as long as `durations` says:
    /// 1 where nothing is lost.
    public let slowdown: Double
    /// Whether barriers were added: then `durations` matter.
    public let hasBarriers: Bool
    let timing: Slowdown

    /// How much longer the machine takes than the pipeline in the mean, if durations vary: `draws` times each step takes its
    /// expected time by a lognormal factor of the given spread. The cut was chosen knowing the expected times alone (spec 6.3).
    public func meanSlowdown(draws: Int, spread: Double, seed: UInt64) -> Double { timing.mean(draws: draws, spread: spread, seed: seed) }
}

extension PipelineDefinition {
    /// Bytes of a definition that CreateStateMachine takes.
    static let longestDefinition = 1_048_576

    /// The pipeline as strict ASL for Step Functions (spec section 6).
    ///
    /// - Parameters:
    ///   - isSimple: retries become wider `Retry` fields instead of exact loops.
    ///   - durations: seconds a step takes, where something is known of it; they choose where a barrier costs least.
    public func exportToStepFunctions(
        _ options: CompileOptions = CompileOptions(), isSimple: Bool = false, durations: [String: Double] = [:]
    ) -> ExportedPipeline {
        var losses = StrictLosses()
        let original = StepGraph(self)
        let graph = original.withoutTriggers { losses.note($0) }
        let duration = { (node: Int) in graph.nodes[node].step.expectedSeconds(durations) }
        var planner = Planner(graph, options: Planner.Options(isStrict: true, duration: duration))
        let plan = planner.run()
        for barrier in plan.addedBarriers {
            let names = { (nodes: [Int]) in nodes.map { graph.nodes[$0].step.name }.joined(separator: ", ") }
            losses.note("a barrier was added, because the graph is not series-parallel: \(names(barrier.after)) wait for all of \(names(barrier.before))")
        }
        let timing = Slowdown(graph: graph, plan: plan, expected: graph.nodes.indices.map(duration))
        let slowdown = timing.ratio(timing.expected)
        if !plan.addedBarriers.isEmpty {
            let percent = Int(((slowdown - 1) * 1000).rounded())
            let how = percent == 0 ? "cost no time" : "make the machine take \(percent / 10).\(percent % 10) % longer"
            losses.note("the barriers \(how), if steps take as long as \(durations.isEmpty ? "their types usually do" : "they did here")")
        }
        if plan.sequences.contains(where: { $0.depth > 0 }) {
            losses.note(
                "after a failure in a branch, steps that follow running ones in other branches still start: a branch of Step Functions cannot see another's failure"
            )
        }
        if options.maxParallelExecutionSteps != nil {
            losses.note("MaxParallelExecutionSteps is dropped: a Parallel of Step Functions starts all its branches")
        }
        if document["PipelineExperimentConfig"].map({ !$0.isNull }) ?? false {
            losses.note("jobs are not associated with an experiment and trial: Step Functions does not create them")
        }
        var emitter = MachineEmitter(definition: self, graph: graph, plan: plan, options: options, dialect: .strict)
        emitter.isSimple = isSimple
        let compiled = emitter.run()
        losses.merge(emitter.strictLosses)
        if graph.nodes.contains(where: { $0.step.type == .callback }) {
            losses.note("a callback is answered with SendTaskSuccess or SendTaskFailure and the task token, not with the SageMaker call")
        }
        let size = compiled.machine.text().utf8.count
        if size > Self.longestDefinition {
            losses.note("the machine has \(size) bytes, and Step Functions takes \(Self.longestDefinition): split the pipeline before creating it there")
        }
        return ExportedPipeline(
            machine: compiled.machine, losses: losses.notes, placements: compiled.placements,
            policy: IAMPolicy.document(losses.actions, readsFiles: emitter.readsFiles, usesRoles: true), slowdown: slowdown,
            hasBarriers: !plan.addedBarriers.isEmpty, timing: timing)
    }
}

extension PipelineStep {
    /// Medians by type, as measured runs are not at hand (spec 6.3).
    func expectedSeconds(_ known: [String: Double]) -> Double {
        if let seconds = known[name] { return seconds }
        switch type {
        case .processing, .qualityCheck, .clarifyCheck: return 240
        case .training: return 600
        case .tuning, .autoML: return 1800
        case .transform, .emr, .emrServerless: return 480
        case .endpoint, .inferenceComponent: return 300
        case .lambda, .callback, .forEach: return 10
        case .model, .registerModel, .endpointConfig, .lineage, .cleanup: return 2
        case .condition, .fail, nil: return 0.1
        }
    }
}

extension StepGraph {
    /// The graph with dependencies on success only. Steps that only follow a failure are left out, which `note` is told.
    func withoutTriggers(note: (String) -> Void) -> StepGraph {
        var left: Set<Int> = []
        for node in topologicalOrder() {
            let own = nodes[node]
            if let edge = own.dependencies.first(where: { $0.trigger == .failed || $0.trigger == .stopped }) {
                left.insert(node)
                note(
                    "step '\(own.step.name)' is left out: it follows only if '\(nodes[edge.from].step.name)' \(edge.trigger == .failed ? "fails" : "is stopped"), which a strict machine ends with"
                )
            } else if own.dependencies.contains(where: { left.contains($0.from) }) || own.container.map({ left.contains($0.condition) }) ?? false {
                left.insert(node)
                note("step '\(own.step.name)' is left out: it waits for a step that is left out")
            } else if let edge = own.dependencies.first(where: { $0.trigger == .any }) {
                note("step '\(own.step.name)' follows '\(nodes[edge.from].step.name)' only if that succeeds")
            }
        }
        return keeping(without: left)
    }
}

/// The policy of a machine's role.
enum IAMPolicy {
    static func document(_ actions: Set<String>, readsFiles: Bool, usesRoles: Bool) -> JSONValue {
        var statements: [JSONValue] = []
        let plain = actions.filter { $0 != "events" }.sorted()
        if !plain.isEmpty { statements.append(["Effect": "Allow", "Action": .array(plain.map { .string($0) }), "Resource": "*"]) }
        if readsFiles { statements.append(["Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"]) }
        if usesRoles {
            statements.append([
                "Effect": "Allow", "Action": ["iam:PassRole"], "Resource": "*",
                "Condition": [
                    "StringEquals": ["iam:PassedToService": ["sagemaker.amazonaws.com", "elasticmapreduce.amazonaws.com", "emr-serverless.amazonaws.com"]]
                ],
            ])
        }
        if actions.contains("events") {
            statements.append([
                "Effect": "Allow", "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
                "Resource": [
                    "arn:aws:events:*:*:rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule",
                    "arn:aws:events:*:*:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule",
                    "arn:aws:events:*:*:rule/StepFunctionsGetEventsForSageMakerTuningJobsRule",
                    "arn:aws:events:*:*:rule/StepFunctionsGetEventsForSageMakerTransformJobsRule",
                    "arn:aws:events:*:*:rule/StepFunctionsGetEventForEMRAddJobFlowStepsRule",
                    "arn:aws:events:*:*:rule/StepFunctionsGetEventForEMRRunJobFlowRule",
                    "arn:aws:events:*:*:rule/StepFunctionsGetEventsForEMRServerlessJobRule",
                ],
            ])
        }
        return ["Version": "2012-10-17", "Statement": .array(statements)]
    }
}
