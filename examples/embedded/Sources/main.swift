import ServiceLifecycle
import SfnRun

struct Order: Codable { let id: String, cents: Int }
struct Receipt: Codable { let order: String, cents: Int, attempt: Int }
struct CardDeclined: Error {}

let charge = "arn:aws:lambda:us-east-1:123456789012:function:charge"
let definition = """
    {"StartAt": "Charge", "States": {"Charge": {"Type": "Task", "Resource": "\(charge)", "End": true,
     "Retry": [{"ErrorEquals": ["CardDeclined"], "IntervalSeconds": 1, "MaxAttempts": 2}]}}}
    """

let engine = try StateMachineEngine(store: .file(CommandLine.arguments.dropFirst().first ?? "orders.db"))
engine.task(charge) { (order: Order, context) async throws -> Receipt in
    // The first attempt is declined; the machine's Retry makes another.
    if context.retryCount == 0 { throw CardDeclined() }
    return Receipt(order: order.id, cents: order.cents, attempt: context.retryCount + 1)
}
let machine = try await engine.define("orders", definition: definition)

// Goes on with what an earlier process left, and stops gently on SIGTERM.
let services = ServiceGroup(services: [engine], gracefulShutdownSignals: [.sigterm, .sigint], logger: engine.logger)
try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await services.run() }
    let receipt = try await engine.run(machine, input: Order(id: "o-1", cents: 4200), as: Receipt.self)
    print("charged \(receipt.cents) cents for \(receipt.order) at attempt \(receipt.attempt)")
    await services.triggerGracefulShutdown()
    try await group.waitForAll()
}
