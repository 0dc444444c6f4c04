import CountingAllocator
import Engine
import FaultyDisk
import JSON
import ServiceIntegrations
import Simulator
import StatesLanguage
import Store

// What the engine asks of memory and of the disk for a fixed piece of work: the same numbers on every machine, however busy.
// Prints `name allocations syncs writes` a unit, for `CountTests`. The engine without its thread, on a disk in memory.

func machine(_ text: String, _ name: String) -> Machine {
    guard let definition = StateMachine.read(text: text).machine else { fatalError("\(name) is no machine") }
    return Machine(
        arn: "arn:aws:states:us-east-1:000000000000:stateMachine:\(name)", name: name, roleARN: "role", definition: definition, text: text)
}

struct Counts {
    let allocations: UInt64
    let syncs: Int
    let writes: Int

    init(_ disk: FaultyDisk) {
        allocations = counted_allocations()
        (syncs, writes) = (disk.count(of: .sync), disk.count(of: .write))
    }
}

func rounded(_ number: Double) -> String { String((number * 10_000).rounded() / 10_000) }

/// The second time is counted: statements are prepared then, and machines known.
func measure(_ name: String, units: Int, _ disk: FaultyDisk, _ body: () throws -> Void) throws {
    try body()
    let before = Counts(disk)
    try body()
    let after = Counts(disk)
    func each(_ number: Int) -> String { rounded(Double(number) / Double(units)) }
    print(name, each(Int(after.allocations - before.allocations)), each(after.syncs - before.syncs), each(after.writes - before.writes))
}

let chain = machine(
    """
    {"StartAt":"Add","States":{"Add":{"Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n, 1)"},"Next":"More"},
    "More":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericLessThan":1000,"Next":"Add"}],"Default":"Done"},"Done":{"Type":"Succeed"}}}
    """, "chain")
let map = machine(
    """
    {"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}
    """, "map")
let pass = machine(#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#, "pass")
let wait = machine(#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}"#, "wait")
let task = machine(
    #"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","End":true}}}"#, "task")

struct Two: Integration {
    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue { 2 }
}

do {
    let disk = FaultyDisk(seed: 1)
    let before = Counts(disk)
    let store = try Store(path: "counts.db", options: disk.options)
    var options = EngineOptions()
    let executor = SimulatedExecutor()
    options.taskExecutor = executor
    options.integration = { _ in Two() }
    let engine = try ManualEngine(store: store, options: options)
    let opened = Counts(disk)
    print("opening", opened.allocations - before.allocations, opened.syncs - before.syncs, opened.writes - before.writes)

    func run(_ machine: Machine, _ input: JSONValue, _ count: Int = 1) {
        for _ in 0..<count { engine.start(StartRequest(machine: machine, input: input)) { _ in } }
        engine.turn()
    }
    let items = JSONValue.array((0..<1000).map { .integer($0) })
    // A count is two transitions; an item is one, and two events more.
    try measure("transition", units: 2000, disk) { run(chain, ["n": 0]) }
    try measure("item", units: 1000, disk) { run(map, items) }
    try measure("execution", units: 1, disk) { run(pass, 1) }
    try measure("execution-of-500", units: 500, disk) { run(pass, 1, 500) }
    try measure("waiting", units: 500, disk) { run(wait, 1, 500) }
    try measure("task", units: 1, disk) {
        run(task, 1)
        executor.settle()
        engine.turn()
    }
} catch {
    print("error \(error)")
}
