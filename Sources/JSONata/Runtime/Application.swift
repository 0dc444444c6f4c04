import JSON

/// Calls of functions.
enum Application {
    /// The result of a call; calls in tail position are made here, one after the other.
    static func apply(
        _ function: Value, _ arguments: [Value], input: Value, frame: Frame, _ run: Run
    ) throws(Failure) -> Value {
        if run.needsBigStack {
            return try run.onBigStack { () throws(Failure) in
                try apply(function, arguments, input: input, frame: frame, run)
            }
        }
        try run.enterCall()
        var result = try once(function, arguments, input: input, frame: frame, run)
        while case .tailCall = result, let tail = run.tail {
            run.tail = nil
            try run.tick()
            if case .function(let next) = tail.function {
                if let token = tail.token { next.token = token }
                next.position = tail.position
            }
            result = try once(tail.function, tail.arguments, input: input, frame: frame, run)
        }
        run.leaveCall()
        return result
    }

    /// A call of a built-in.
    static func builtin(
        _ function: Function, _ builtin: Builtin, _ arguments: [Value], input: Value, frame: Frame, _ run: Run
    ) throws(Failure) -> Value {
        do throws(Failure) {
            let call = Call(run: run, input: input, frame: frame)
            guard let signature = builtin.signature else { return try builtin.body(call, arguments) }
            return try builtin.body(call, try signature.validate(arguments, context: input))
        } catch {
            if error.detail.token == nil { error.detail.token = function.token }
            if let position = function.position, position != 0 { error.detail.position = position }
            throw error
        }
    }

    private static func once(
        _ value: Value, _ arguments: [Value], input: Value, frame: Frame, _ run: Run
    ) throws(Failure) -> Value {
        guard case .function(let function) = value else { throw Failure("T1006") }
        do throws(Failure) {
            switch function.kind {
            case .builtin(let builtin):
                return try Application.builtin(function, builtin, arguments, input: input, frame: frame, run)
            case .lambda(let node, let context, let closure):
                var valid = arguments
                if let signature = node.signature { valid = try signature.validate(arguments, context: input) }
                return try call(node, valid, context, closure, run)
            case .closure(let inner):
                return try apply(.function(inner), arguments, input: .json(.null), frame: frame, run)
            case .native(_, let signature, let body):
                var valid = arguments
                if let signature { valid = try signature.validate(arguments, context: input) }
                return try body(run, valid)
            case .matcher(let program, let position):
                return try Matches.first(program, in: arguments.first ?? .undefined, position: position, run)
            case .partial(let inner, let given):
                return try apply(partial: inner, given, arguments, frame: frame, run)
            }
        } catch {
            if error.detail.token == nil { error.detail.token = function.token }
            if let position = function.position, position != 0 { error.detail.position = position }
            throw error
        }
    }

    @inline(__always)
    private static func call(
        _ node: LambdaNode, _ arguments: [Value], _ context: Value, _ closure: Frame, _ run: Run
    ) throws(Failure) -> Value {
        let frame = Frame(scope: node.scope, parent: closure)
        for (index, slot) in node.parameters.enumerated() {
            frame[slot] = index < arguments.count ? arguments[index] : .undefined
        }
        return try node.body.evaluate(context, frame, run)
    }

    private static func apply(
        partial inner: Function, _ given: [Value?], _ arguments: [Value], frame: Frame, _ run: Run
    ) throws(Failure) -> Value {
        var rest = arguments[...]
        var all: [Value] = []
        for argument in given {
            if let argument {
                all.append(argument)
            } else {
                all.append(rest.popFirst() ?? .undefined)
            }
        }
        if case .lambda(let node, let context, let closure) = inner.unwrapped.kind {
            // The signature is not looked at again, as in jsonata-js.
            return try call(node, all, context, closure, run)
        }
        if case .builtin(let builtin) = inner.unwrapped.kind {
            // Nor is that of a built-in.
            return try builtin.body(Call(run: run, input: .json(.null), frame: frame), all)
        }
        while let last = all.last, last.isUndefined { all.removeLast() }
        return try apply(.function(inner), all, input: .json(.null), frame: frame, run)
    }

    // MARK: For built-ins

    /// A call from a built-in with as many of the three arguments as the function takes, but one at least.
    @inline(__always)
    static func call(
        _ function: Function, _ first: Value, _ second: @autoclosure () -> Value, _ third: @autoclosure () -> Value,
        arity: Int, _ call: Call
    ) throws(Failure) -> Value {
        if case .lambda(let node, let context, let closure) = function.unwrapped.kind, node.signature == nil,
            !call.run.needsBigStack
        {
            return try lambda(function, node, context, closure, first, second, third, arity: arity, call)
        }
        var arguments = [first]
        if arity >= 2 { arguments.append(second()) }
        if arity >= 3 { arguments.append(third()) }
        return try apply(.function(function), arguments, input: .json(.null), frame: call.frame, call.run)
            .collapsed()
    }

    private static func lambda(
        _ function: Function, _ node: LambdaNode, _ context: Value, _ closure: Frame, _ first: Value,
        _ second: () -> Value, _ third: () -> Value, arity: Int, _ call: Call
    ) throws(Failure) -> Value {
        let frame = Frame(scope: node.scope, parent: closure)
        let parameters = node.parameters
        if arity >= 1 { frame[parameters[0]] = first }
        if arity >= 2 { frame[parameters[1]] = second() }
        if arity >= 3 { frame[parameters[2]] = third() }
        var index = 3
        while index < arity {
            frame[parameters[index]] = .undefined
            index += 1
        }
        do throws(Failure) {
            let result = try node.body.evaluate(context, frame, call.run)
            guard case .tailCall = result, let tail = call.run.tail else { return result }
            call.run.tail = nil
            if case .function(let next) = tail.function {
                if let token = tail.token { next.token = token }
                next.position = tail.position
            }
            return try apply(tail.function, tail.arguments, input: .json(.null), frame: call.frame, call.run).collapsed()
        } catch {
            let inner = function.unwrapped
            if error.detail.token == nil { error.detail.token = inner.token }
            if let position = inner.position, position != 0 { error.detail.position = position }
            throw error
        }
    }
}
