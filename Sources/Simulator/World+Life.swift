import Engine
import FaultyDisk
import JSON
import LocalJobs
import StatesLanguage
import Store

/// Processes come and go.
extension World {
    func reviveSome() {
        if living.isEmpty {
            for place in processes.indices { open(place) }
        } else {
            for place in processes.indices where processes[place] == nil && numbers.percent(20) { open(place) }
        }
    }

    /// A new process at a place where none is.
    func open(_ place: Int) {
        guard processes[place] == nil else { return }
        for _ in 0..<20 {
            processCount += 1
            let number = processCount
            do {
                let store = try Store(path: "sfn.db", options: disk.options(process: number))
                graveyard.append(store)
                let engine = try ManualEngine(store: store, options: options(number), mistake: plan.bug?.mistake)
                // A server takes up what the dead left, another command does not.
                if number == 1 || numbers.percent(70) { try engine.recover { _ in } }
                graveyard.removeLast()
                processes[place] = Process(number: number, store: store, engine: engine)
                if hasLied { forgetUnknownTokens() }
                return
            } catch {
                // The fault that was set struck here; without another process the power is cut once more.
                disk.locks.drop(process: number)
                for operation in FaultyDisk.Operation.allCases { disk.fail(operation, at: nil, .before) }
                disk.setCapacity(nil)
                if living.isEmpty { cutPower(.everythingUnsyncedIsLost) }
            }
        }
        problem("the store cannot be opened again")
    }

    private func options(_ number: Int) -> EngineOptions {
        var options = EngineOptions()
        options.clock = { [clock] in Timestamp(milliseconds: clock.now) }
        options.taskExecutor = executor
        options.randomBytes = { [unowned self] count in (0..<count).map { _ in UInt8(truncatingIfNeeded: self.secrets.next()) } }
        options.integration = { [unowned self] _ in SimulatedIntegration(world: self, process: number) }
        options.limits = TaskLimits(perProcess: plan.taskLimit, perMachine: plan.machineLimit)
        options.eventsPerCommit = plan.eventsPerCommit
        options.knownChildrenPerPage = plan.knownChildrenPerPage
        options.recoveredPerCommit = plan.recoveredPerCommit
        if let root = plan.machine.buckets { options.buckets = LocalBuckets(root: root) }
        return options
    }

    /// A process dies alone.
    func kill(_ place: Int) {
        guard let process = processes[place] else { return }
        processes[place] = nil
        if !isFinished { crashes += 1 }
        needsFallback = true
        process.engine.die { executor.settle() }
        graveyard.append(process.store)
        disk.locks.drop(process: process.number)
        disk.setCapacity(nil)
    }

    /// All die, and what was not synced is lost.
    func cutPower(_ loss: FaultyDisk.Loss) {
        for place in processes.indices { kill(place) }
        disk.cutPower(loss)
        for operation in FaultyDisk.Operation.allCases { disk.fail(operation, at: nil, .before) }
        graveyard = []
        _ = rings.takeAll()
        if isLying { forgetPromises() }
        isLying = false
        disk.setLying(plan.bug == .neverSyncs)
    }

    /// Nobody can keep what a lying disk lost: everybody outside does again what they had done.
    private func forgetPromises() {
        begun = [:]
        started = []
        promisedTokens = []
        acknowledged = [:]
        for errand in sent { errands.append(Errand(at: clock.now + 1000, kind: errand.kind)) }
        sent = []
        hasLied = true
    }

    /// A token of an attempt that the disk has lost may be made once more, for another attempt: it must not be answered by the old one.
    private func forgetUnknownTokens() {
        hasLied = false
        errands.removeAll { errand in
            guard case .complete(let token, _) = errand.kind, let (arn, scheduled) = TaskToken.parse(token) else { return false }
            return stored(arn)?.check.attempts[scheduled] == nil
        }
    }

    // MARK: starting executions

    func arn(_ index: Int) -> String { "arn:aws:states:us-east-1:000000000000:execution:simulated:e\(index)" }

    /// Names make a repeated start harmless: who gets no answer asks again.
    func startSome() {
        for index in 0..<plan.executionCount where !asked.contains(index) && !started.contains(index) {
            guard let process = living.isEmpty ? nil : numbers.pick(living) else { return }
            asked.insert(index)
            process.engine.start(StartRequest(machine: machine, input: plan.machine.input, name: "e\(index)")) { [unowned self] result in
                asked.remove(index)
                switch result {
                case .success, .failure(EngineError.executionAlreadyExists): started.insert(index)
                case .failure: break
                }
            }
        }
    }
}
