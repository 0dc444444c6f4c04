import JSON
import JSONPath

/// A machine as it is run: names resolved, paths and expressions compiled, every state of every nested
/// workflow in one array.
public struct StateMachine: Sendable {
    /// What was read, untouched.
    public let definition: JSONValue
    public let comment: String?
    public let queryLanguage: QueryLanguage
    /// The whole execution's limit.
    public let timeoutSeconds: Int?
    public let root: Workflow
    /// Nested states included; `StateID` is the index.
    public let states: [State]
    /// ARNs of the activities that its tasks name, each once.
    public let activities: [String]

    public subscript(id: StateID) -> State { states[id.index] }
}

public enum QueryLanguage: String, Sendable {
    case jsonPath = "JSONPath"
    case jsonata = "JSONata"
}

public struct StateID: Hashable, Sendable {
    public let index: Int
    public init(_ index: Int) { self.index = index }
}

/// A `StartAt` with its `States`: the machine, a Parallel's branch, a Map's processor.
public struct Workflow: Sendable {
    public let startAt: StateID
    /// JSON Pointer of the object that holds `StartAt`.
    public let pointer: String
    /// The extension `Branches[].Name`.
    public let name: String?
    /// The extension `Branches[].DependsOn`: index of the branch, and the way it must have ended.
    public let dependsOn: [(branch: Int, trigger: Trigger)]

    public enum Trigger: String, Sendable {
        case succeeded = "Succeeded"
        case failed = "Failed"
        case stopped = "Stopped"
        case any = "Any"
    }
}

/// A class, as its parts are, so that looking at a state costs one reference.
public final class State: Sendable {
    public let id: StateID
    public let name: String
    /// JSON Pointer into the definition.
    public let pointer: String
    public let language: QueryLanguage
    public let kind: Kind
    public let transition: Transition
    public let inputPath: PathField
    public let outputPath: PathField
    /// JSONPath and JSONata.
    public let assign: Template?
    /// JSONata's `Output`.
    public let output: Template?
    /// Nothing around the state's work is to be evaluated.
    let isPlain: Bool

    public enum Kind: Sendable {
        case pass(PassState)
        case task(TaskState)
        case choice(ChoiceState)
        case wait(WaitState)
        case succeed
        case fail(FailState)
        case parallel(ParallelState)
        case map(MapState)
    }
    public enum Transition: Sendable, Equatable {
        case next(StateID)
        case end
        /// Choice and Fail say themselves where to go.
        case none
    }

    init(
        id: StateID, name: String, pointer: String, language: QueryLanguage, kind: Kind, transition: Transition,
        inputPath: PathField, outputPath: PathField, assign: Template?, output: Template?
    ) {
        self.id = id
        self.name = name
        self.pointer = pointer
        self.language = language
        self.kind = kind
        self.transition = transition
        self.inputPath = inputPath
        self.outputPath = outputPath
        self.assign = assign
        self.output = output
        let isWhole = if case .whole = inputPath, case .whole = outputPath { true } else { false }
        isPlain = isWhole && assign == nil && output == nil
    }
}

public final class PassState: Sendable {
    /// Literal.
    public let result: JSONValue?
    public let parameters: Template?
    public let resultPath: ResultPath

    init(result: JSONValue?, parameters: Template?, resultPath: ResultPath) {
        self.result = result
        self.parameters = parameters
        self.resultPath = resultPath
    }
}

public final class TaskState: Sendable {
    public let resource: TaskResource
    /// JSONPath's `Parameters` or JSONata's `Arguments`.
    public let arguments: Template?
    public let resultSelector: Template?
    public let resultPath: ResultPath
    public let timeoutSeconds: NumberField?
    public let heartbeatSeconds: NumberField?
    /// `{"RoleArn": …}`
    public let credentials: Template?
    public let retry: [Retrier]
    public let catchers: [Catcher]
    /// The extension `Cache`.
    public let cache: JSONValue?

    init(
        resource: TaskResource, arguments: Template?, resultSelector: Template?, resultPath: ResultPath,
        timeoutSeconds: NumberField?, heartbeatSeconds: NumberField?, credentials: Template?, retry: [Retrier],
        catchers: [Catcher], cache: JSONValue?
    ) {
        self.resource = resource
        self.arguments = arguments
        self.resultSelector = resultSelector
        self.resultPath = resultPath
        self.timeoutSeconds = timeoutSeconds
        self.heartbeatSeconds = heartbeatSeconds
        self.credentials = credentials
        self.retry = retry
        self.catchers = catchers
        self.cache = cache
    }
}

public final class ChoiceState: Sendable {
    public let rules: [ChoiceRule]
    public let defaultNext: StateID?

    init(rules: [ChoiceRule], defaultNext: StateID?) {
        self.rules = rules
        self.defaultNext = defaultNext
    }
}

public struct ChoiceRule: Sendable {
    public let condition: Condition
    public let next: StateID
    public let assign: Template?
    public let output: Template?
}

public struct WaitState: Sendable {
    public enum Until: Sendable {
        case seconds(NumberField)
        case timestamp(StringField)
    }
    public let until: Until
}

public struct FailState: Sendable {
    public let error: StringField?
    public let cause: StringField?
}

public final class ParallelState: Sendable {
    public let branches: [Workflow]
    public let arguments: Template?
    public let resultSelector: Template?
    public let resultPath: ResultPath
    public let retry: [Retrier]
    public let catchers: [Catcher]
    /// Extension: at most so many branches at once; nil or 0: all.
    public let maxConcurrency: Int?
    /// Extension `OnFailure: "FinishRunning"`.
    public let finishesRunningBranches: Bool
    /// Extension `DependsOn`, the other way round: the branches that wait for each branch, in order.
    let dependents: [[Int]]
    let hasDependencies: Bool
    /// Whether a branch was written to follow a failure of this one, by branch.
    private let hasFollower: [Bool]

    /// Whether another branch was written to follow a failure of this one.
    func handlesFailure(of index: Int) -> Bool { hasFollower.indices.contains(index) && hasFollower[index] }

    init(
        branches: [Workflow], arguments: Template?, resultSelector: Template?, resultPath: ResultPath, retry: [Retrier],
        catchers: [Catcher], maxConcurrency: Int?, finishesRunningBranches: Bool
    ) {
        self.branches = branches
        self.arguments = arguments
        self.resultSelector = resultSelector
        self.resultPath = resultPath
        self.retry = retry
        self.catchers = catchers
        self.maxConcurrency = maxConcurrency
        self.finishesRunningBranches = finishesRunningBranches
        var dependents: [[Int]] = Array(repeating: [], count: branches.count)
        var hasFollower = Array(repeating: false, count: branches.count)
        for (index, branch) in branches.enumerated() {
            for dependency in branch.dependsOn where dependents.indices.contains(dependency.branch) {
                if dependents[dependency.branch].last != index { dependents[dependency.branch].append(index) }
                if dependency.trigger == .failed || dependency.trigger == .any { hasFollower[dependency.branch] = true }
            }
        }
        self.dependents = dependents
        self.hasFollower = hasFollower
        hasDependencies = dependents.contains { !$0.isEmpty }
    }
}

public final class MapState: Sendable {
    public let processor: Workflow
    /// JSONPath's `ItemsPath`.
    public let itemsPath: PathField
    /// JSONata's `Items`.
    public let items: Template?
    /// `ItemSelector`, or the older `Parameters`.
    public let itemSelector: Template?
    public let resultSelector: Template?
    public let resultPath: ResultPath
    public let maxConcurrency: NumberField?
    public let toleratedFailureCount: NumberField?
    public let toleratedFailurePercentage: NumberField?
    public let retry: [Retrier]
    public let catchers: [Catcher]
    /// nil: inline.
    public let distributed: DistributedMap?
    /// Whether the state is in JSONata.
    public let isQuery: Bool

    init(
        processor: Workflow, itemsPath: PathField, items: Template?, itemSelector: Template?, resultSelector: Template?,
        resultPath: ResultPath, maxConcurrency: NumberField?, toleratedFailureCount: NumberField?,
        toleratedFailurePercentage: NumberField?, retry: [Retrier], catchers: [Catcher], distributed: DistributedMap?,
        isQuery: Bool
    ) {
        self.processor = processor
        self.itemsPath = itemsPath
        self.items = items
        self.itemSelector = itemSelector
        self.resultSelector = resultSelector
        self.resultPath = resultPath
        self.maxConcurrency = maxConcurrency
        self.toleratedFailureCount = toleratedFailureCount
        self.toleratedFailurePercentage = toleratedFailurePercentage
        self.retry = retry
        self.catchers = catchers
        self.distributed = distributed
        self.isQuery = isQuery
    }
}

public struct DistributedMap: Sendable {
    /// `STANDARD` or `EXPRESS`
    public let isExpress: Bool
    public let label: String?
    public let reader: ItemReader?
    public let batcher: ItemBatcher?
    public let writer: ResultWriter?

    public struct ItemReader: Sendable {
        public let resource: String
        public let arguments: Template?
        /// `ReaderConfig` as it stands, but for `MaxItems`.
        public let configuration: JSONObject
        public let maxItems: NumberField?
    }
    public struct ItemBatcher: Sendable {
        public let maxItemsPerBatch: NumberField?
        public let maxInputBytesPerBatch: NumberField?
        public let batchInput: Template?
    }
    public struct ResultWriter: Sendable {
        public let resource: String?
        public let arguments: Template?
        public let configuration: JSONObject
    }
}

/// Where an input or output comes from: `$` (the default), `null`, or a path.
public enum PathField: Sendable {
    case whole
    case null
    case path(PathExpression)
}

/// Where a Task's result goes: `$` (the default), `null` (discarded), or a Reference Path.
public enum ResultPath: Sendable {
    case whole
    case discard
    case reference(ReferencePath)
}

public struct Retrier: Sendable {
    public let errorEquals: [String]
    public let intervalSeconds: Double
    public let maxAttempts: Int
    public let backoffRate: Double
    public let maxDelaySeconds: Double?
    public let hasFullJitter: Bool
    /// Extension: an error later than this many minutes after the first attempt began is not retried.
    public let expireAfterMinutes: Double?
}

public struct Catcher: Sendable {
    public let errorEquals: [String]
    public let next: StateID
    public let resultPath: ResultPath
    public let assign: Template?
    public let output: Template?
}
