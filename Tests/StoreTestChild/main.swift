import Glibc
import Store

// Another process on a store, for StoreTests: `PATH NAME COUNT` starts COUNT executions, one commit each, and says
// each name once it is durable.

guard CommandLine.arguments.count == 4, let count = Int(CommandLine.arguments[3]) else { exit(64) }
let (path, prefix) = (CommandLine.arguments[1], CommandLine.arguments[2])

func say(_ line: String) {
    var bytes = Array((line + "\n").utf8)
    _ = write(1, &bytes, bytes.count)
}

do {
    let store = try Store(path: path)
    let engine = try store.registerEngine(name: prefix, at: 0)
    for number in 0..<count {
        let name = "\(prefix)-\(number)"
        try store.write { tx in
            let machine = try tx.stateMachineID(
                forARN: "arn:aws:states:us-east-1:000000000000:stateMachine:m", name: "m", type: .standard, at: 0)
            let new = NewExecution(
                arn: "arn:aws:states:us-east-1:000000000000:execution:m:\(name)", name: name, stateMachine: machine,
                definition: try tx.definitionID(of: "{}"), type: .standard, startMilliseconds: 0, input: "{}", owner: engine.id)
            let id = try tx.insert(new)
            try tx.append(HistorySegment(firstEventID: 1, lastEventID: 1, events: Array("[{}]".utf8)), to: id)
        }
        say(name)
    }
    try store.deregister(engine)
} catch {
    say("error: \(error)")
    exit(1)
}
