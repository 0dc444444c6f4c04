/// The names that one block, function or program binds, found at compile time.
final class Scope {
    let parent: Scope?
    private(set) var names: [String: Int] = [:]

    init(parent: Scope?) {
        self.parent = parent
    }

    func slot(for name: String) -> Int {
        if let slot = names[name] { return slot }
        let slot = names.count
        names[name] = slot
        return slot
    }
}

/// The variables of one entry into a scope. The first four have their place in the frame itself.
final class Frame {
    let scope: Scope?
    let parent: Frame?
    /// The variables of a tuple, for the frame of one step over a tuple stream.
    let tuple: Tuple?
    private var first: Value = .unbound
    private var second: Value = .unbound
    private var third: Value = .unbound
    private var fourth: Value = .unbound
    private var others: [Value] = []

    init(scope: Scope, parent: Frame?) {
        self.scope = scope
        self.parent = parent
        tuple = nil
    }

    init(tuple: Tuple, parent: Frame?) {
        scope = nil
        self.parent = parent
        self.tuple = tuple
    }

    @inline(__always)
    subscript(slot: Int) -> Value {
        get {
            switch slot {
            case 0: first
            case 1: second
            case 2: third
            case 3: fourth
            default: slot - 4 < others.count ? others[slot - 4] : .unbound
            }
        }
        set {
            switch slot {
            case 0: first = newValue
            case 1: second = newValue
            case 2: third = newValue
            case 3: fourth = newValue
            default:
                while others.count <= slot - 4 { others.append(.unbound) }
                others[slot - 4] = newValue
            }
        }
    }
}
