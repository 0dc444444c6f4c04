/// Runs Swift tasks one job after the other on the thread of the simulation, in the order in which they became ready.
package final class SimulatedExecutor: TaskExecutor, @unchecked Sendable {
    // Sendable: a simulation has one thread, and all its tasks run on it.
    private var jobs: [UnownedJob] = []

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }

    /// Until every task waits for something.
    package func settle() {
        while !jobs.isEmpty {
            let batch = jobs
            jobs = []
            for job in batch { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }
}
