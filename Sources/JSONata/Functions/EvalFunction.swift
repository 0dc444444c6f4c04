import JSON

/// `$eval`, which Step Functions does not have.
enum EvalFunction {
    static let all = [
        Builtin("eval", "<sx?:x>", arity: 2) { (call, arguments) throws(Failure) in
            guard let source = arguments.at(0).string else { return .undefined }
            var input = call.input
            if !arguments.at(1).isUndefined {
                input = arguments.at(1)
                if input.isArray, !input.isSequence {
                    input = .list(List(flat: [input], [.sequence, .outerWrapper]))
                }
            }
            let program = try compile(source, call)
            do throws(Failure) {
                let frame = Frame(scope: program.scope, parent: call.frame)
                return try program.root.evaluate(input, frame, call.run)
            } catch {
                if error.detail.isLimit { throw error }
                throw Failure("D3121", value: .text(ErrorMessages.message(for: error.detail)))
            }
        }
    ]

    private static func compile(_ source: String, _ call: Call) throws(Failure) -> Program {
        let run = call.run
        var frame: Frame? = call.frame
        while let here = frame, here.scope == nil { frame = here.parent }
        do throws(Failure) {
            let (program, _) = try Program.compile(
                source, outer: frame?.scope, firstCache: run.cacheCount, globals: run.globalNames)
            run.add(program)
            return program
        } catch {
            throw Failure("D3120", value: .text(ErrorMessages.message(for: error.detail)))
        }
    }
}

extension Run {
    /// Makes room for what another program refers to.
    func add(_ program: Program) {
        programs.append(program)
        globalNames = program.globalNames
        addGlobals(program.globalNames)
        growCaches(to: program.cacheCount)
    }
}
