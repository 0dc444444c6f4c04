import ExecutionDriver
import JSON
import StatesLanguage
import Testing

/// What holds for every machine, shown with random ones.
struct ExecutionPropertyTests {
    @Test(arguments: [false, true]) func everyTurnKeepsTheInvariants(usesExtensions: Bool) throws {
        for seed in UInt64(1)...150 {
            let machine = try generatedMachine(seed, usesExtensions: usesExtensions)
            let answers = SeededAnswers(seed: seed, failures: 15, silences: 20)
            let invariants = ExecutionInvariants()
            var driver = ExecutionDriver(machine: machine) { answers.answer($0) }
            driver.observe = { execution, events, _ in invariants.see(execution, events) }
            let status = driver.run(MachineGenerator.input)
            #expect(invariants.problems.isEmpty, "seed \(seed): \(invariants.problems.prefix(3))")
            #expect(status != .running, "seed \(seed) stands still")
        }
    }

    @Test func theSameSeedGivesTheSameHistory() throws {
        for seed in UInt64(1)...30 {
            let machine = try generatedMachine(seed)
            let answers = SeededAnswers(seed: seed, failures: 15, silences: 20)
            var first = ExecutionDriver(machine: machine) { answers.answer($0) }
            var second = ExecutionDriver(machine: machine) { answers.answer($0) }
            first.run(MachineGenerator.input)
            second.run(MachineGenerator.input)
            #expect(first.history == second.history, "seed \(seed)")
        }
    }

    @Test(arguments: [false, true]) func aCrashAfterAnyTurnChangesNoOutcome(usesExtensions: Bool) throws {
        for seed in UInt64(1)...60 {
            let machine = try generatedMachine(seed, usesExtensions: usesExtensions)
            let answers = SeededAnswers(seed: seed, failures: 10)
            var undisturbed = ExecutionDriver(machine: machine) { answers.answer($0) }
            undisturbed.run(MachineGenerator.input)
            var numbers = SeededNumbers(seed: seed)
            var driver = ExecutionDriver(machine: machine) { answers.answer($0) }
            driver.start(MachineGenerator.input)
            repeat {
                if numbers.percent(20) { driver.crash() }
            } while driver.execution.isRunning && driver.advanceTime()
            #expect(driver.execution.status == undisturbed.execution.status, "seed \(seed)")
            // Which of two failures comes first may depend on how long the crash took.
            if driver.execution.status == .succeeded { #expect(driver.execution.output == undisturbed.execution.output, "seed \(seed)") }
        }
    }

    @Test func whatComesLateOrTwiceChangesNothing() throws {
        for seed in UInt64(1)...60 {
            let machine = try generatedMachine(seed)
            let answers = SeededAnswers(seed: seed, failures: 15)
            var invocations: [TaskInvocation] = []
            var late: [String] = []
            var driver = ExecutionDriver(machine: machine) { invocation in
                invocations.append(invocation)
                return answers.answer(invocation)
            }
            driver.start(MachineGenerator.input)
            while driver.execution.isRunning, driver.advanceTime() {}
            // The execution is over: nothing that belongs to it does anything any more.
            var ended = driver.execution
            for invocation in invocations {
                let (events, commands) = ended.advance(on: Self.everything(invocation), at: driver.now)
                if !events.isEmpty || !commands.isEmpty { late.append("\(events) \(commands)") }
            }
            #expect(ended == driver.execution, "seed \(seed)")
            #expect(late.isEmpty, "seed \(seed): \(late.prefix(2))")
        }
    }

    @Test func anAnswerGivenTwiceCountsOnce() throws {
        for seed in UInt64(1)...60 {
            let machine = try generatedMachine(seed)
            let answers = SeededAnswers(seed: seed, failures: 15)
            var once = ExecutionDriver(machine: machine) { answers.answer($0) }
            once.run(MachineGenerator.input)
            var driver = ExecutionDriver(machine: machine) { answers.answer($0) }
            driver.givesEverythingTwice = true
            driver.run(MachineGenerator.input)
            #expect(driver.history == once.history, "seed \(seed)")
        }
    }

    @Test(arguments: [false, true]) func aRedrivenExecutionEndsLikeAnUndisturbedOne(usesExtensions: Bool) throws {
        var redriven = 0
        for seed in UInt64(1)...250 {
            let machine = try generatedMachine(seed, failsItself: false, usesExtensions: usesExtensions)
            let answers = SeededAnswers(seed: seed)
            var undisturbed = ExecutionDriver(machine: machine) { answers.answer($0) }
            guard undisturbed.run(MachineGenerator.input) == .succeeded else { continue }
            let invariants = ExecutionInvariants()
            var left = 3
            var numbers = SeededNumbers(seed: seed &+ 1000)
            var driver = ExecutionDriver(machine: machine) { invocation in
                if left > 0, numbers.percent(25) {
                    left -= 1
                    return .failure("Boom", "a disturbance")
                }
                return answers.answer(invocation)
            }
            driver.observe = { execution, events, _ in invariants.see(execution, events) }
            driver.run(MachineGenerator.input)
            while driver.execution.status == .failed {
                redriven += 1
                driver.give([.redrive])
                driver.runToEnd()
            }
            #expect(driver.execution.status == .succeeded, "seed \(seed): \(String(describing: driver.execution.cause))")
            #expect(driver.execution.output == undisturbed.execution.output, "seed \(seed)")
            #expect(invariants.problems.isEmpty, "seed \(seed): \(invariants.problems.prefix(3))")
        }
        #expect(redriven > 50)
    }

    @Test func aHistoryWithHolesIsReplayedWithoutATrap() throws {
        for seed in UInt64(1)...60 {
            let machine = try generatedMachine(seed, usesExtensions: seed % 2 == 0)
            let answers = SeededAnswers(seed: seed, failures: 15)
            var driver = ExecutionDriver(machine: machine) { answers.answer($0) }
            driver.run(MachineGenerator.input)
            var numbers = SeededNumbers(seed: seed)
            for _ in 0..<20 {
                var broken = driver.history
                for _ in 0..<numbers.number(1...3) where broken.count > 2 { broken.remove(at: numbers.number(1...(broken.count - 1))) }
                if numbers.percent(30) { broken.append(contentsOf: broken.prefix(numbers.number(1...broken.count))) }
                let kept = broken.prefix(numbers.number(1...broken.count))
                var execution = Execution(replaying: kept, machine: machine, header: .testing())
                _ = execution.outstandingCommands
                // Whatever it is now, it goes on without a trap, and ends or waits.
                for _ in 0..<20 where execution.hasReadyWork { _ = execution.advance(on: [], at: driver.now) }
                _ = execution.advance(on: [.stop(error: nil, cause: nil), .redrive], at: driver.now)
            }
        }
    }

    @Test func aStoppedExecutionCanBeRedriven() throws {
        for seed in UInt64(1)...80 {
            let machine = try generatedMachine(seed, failsItself: false)
            let answers = SeededAnswers(seed: seed)
            var undisturbed = ExecutionDriver(machine: machine) { answers.answer($0) }
            guard undisturbed.run(MachineGenerator.input) == .succeeded else { continue }
            var numbers = SeededNumbers(seed: seed)
            var driver = ExecutionDriver(machine: machine) { answers.answer($0) }
            driver.start(MachineGenerator.input)
            for _ in 0..<numbers.number(0...10) where driver.execution.isRunning { _ = driver.advanceTime() }
            driver.give([.stop(error: "Stopped", cause: nil)])
            driver.give([.redrive])
            driver.runToEnd()
            #expect(driver.execution.status == .succeeded, "seed \(seed)")
            #expect(driver.execution.output == undisturbed.execution.output, "seed \(seed)")
        }
    }

    private static func everything(_ invocation: TaskInvocation) -> [Stimulus] {
        let (frame, scheduled) = (invocation.frame, invocation.scheduled)
        return [
            .taskStarted(frame, scheduled: scheduled, worker: "late"), .taskSubmitted(frame, scheduled: scheduled, output: .null),
            .taskHeartbeat(frame, scheduled: scheduled), .taskFailed(frame, scheduled: scheduled, error: "Late", cause: nil),
            .taskSucceeded(frame, scheduled: scheduled, output: "late"), .mapRunEnded(frame, started: scheduled, .success(.null)),
        ]
    }
}
