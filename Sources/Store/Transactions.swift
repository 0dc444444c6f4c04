import SQLite

/// What can be asked of the store; each table's file adds its questions.
package protocol Reading {
    var connection: Connection { get }
}

/// A consistent view of the store, as of its first question. Use it only inside the closure it is given to.
package struct ReadTransaction: Reading {
    package let connection: Connection
}

/// What is done in one commit: everything or nothing. Use it only inside the closure it is given to.
package struct WriteTransaction: Reading {
    package let connection: Connection
    /// Whose doorbell rings once this is durable.
    let bells: Bells

    /// Engines to wake after the commit.
    final class Bells {
        var engines: Set<EngineID> = []
        var ringsAll = false
    }
}
