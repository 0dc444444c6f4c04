import JSON
import StatesLanguage
import Store

extension EngineTurn {
    func append(_ log: (ExecutionID, Int64, [UInt8])) throws {}
    func offer(_ live: LiveExecution, _ invocation: TaskInvocation) throws {}
    func readMailbox() throws {}
    func send(_ kind: String, _ body: JSONValue, to row: ExecutionRow) throws {}
}

extension EngineThread {
    func startMapRun(_ live: LiveExecution, _ request: MapRunRequest) {}
}
