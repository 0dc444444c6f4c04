import JSON

extension StateReader {
    func parallel() -> ParallelState? {
        let retry = retriers()
        let catchers = catchers()
        let arguments = arguments()
        let selector = jsonPathTemplate("ResultSelector")
        let resultPath = reader.resultPath()
        let hasExtensions = session.options.allowsExtensions
        let maxConcurrency = hasExtensions ? reader.integer("MaxConcurrency", 0...1_000_000) : nil
        let onFailure = hasExtensions ? reader.choice("OnFailure", of: ["Abort", "FinishRunning"]) : nil
        guard let value = reader["Branches"] else {
            reader.required("Branches")
            return nil
        }
        if value.array?.isEmpty == true { reader.schema("Value cannot be empty", at: "Branches") }
        let branches = reader.elements("Branches")
        let names = branches.map { hasExtensions ? $0.string("Name") : nil }
        checkNames(names, branches)
        let positions = Dictionary(
            names.enumerated().compactMap { index, name in name.map { ($0, index) } }, uniquingKeysWith: { first, _ in first })
        let dependencies = branches.map { hasExtensions ? self.dependencies(of: $0, positions) : [] }
        checkCycles(dependencies, branches)
        let before = scope.variables(before: name)
        let workflows = zip(branches, zip(names, dependencies)).compactMap { branch, extra -> Workflow? in
            branch.refuseUnknown(Set(["StartAt", "States", "Comment"] + (hasExtensions ? ["Name", "DependsOn"] : [])))
            return WorkflowReader(reader: branch, outerVariables: before).workflow(name: extra.0, dependsOn: extra.1)
        }
        guard workflows.count == branches.count, !workflows.isEmpty else { return nil }
        return ParallelState(
            branches: workflows, arguments: arguments, resultSelector: selector, resultPath: resultPath, retry: retry, catchers: catchers,
            maxConcurrency: maxConcurrency.map(Int.init(clamping:)), finishesRunningBranches: onFailure == "FinishRunning")
    }

    private func checkNames(_ names: [String?], _ branches: [FieldReader]) {
        var seen: Set<String> = []
        for (name, branch) in zip(names, branches) {
            guard let name else { continue }
            if name.isEmpty { branch.schema("Value cannot be empty", at: "Name") }
            if !seen.insert(name).inserted { branch.schema("The branch name '\(name)' appears more than once", at: "Name") }
        }
    }

    /// `DependsOn: ["a", {"Name": "b", "Trigger": "Failed"}]`, our extension.
    private func dependencies(of branch: FieldReader, _ positions: [String: Int]) -> [(branch: Int, trigger: Workflow.Trigger)] {
        guard let value = branch["DependsOn"] else { return [] }
        guard let array = value.array else {
            branch.schema("Expected value of type [ARRAY]", at: "DependsOn")
            return []
        }
        let place = branch.place.field("DependsOn")
        return array.enumerated().compactMap { index, element in
            let name: String
            var trigger = Workflow.Trigger.succeeded
            switch element {
            case .string(let text): name = text
            case .object(let object):
                let inner = FieldReader(object: object, place: place.index(index), language: reader.language, session: session)
                inner.refuseUnknown(["Name", "Trigger"])
                guard let text = inner.requiredString("Name") else { return nil }
                name = text
                if let word = inner.choice("Trigger", of: ["Succeeded", "Failed", "Stopped", "Any"]),
                    let found = Workflow.Trigger(rawValue: word)
                {
                    trigger = found
                }
            default:
                session.schema("Expected value of type [STRING, OBJECT]", place.index(index))
                return nil
            }
            guard let found = positions[name] else {
                session.schema("There is no branch with the name '\(name)'", place.index(index))
                return nil
            }
            return (found, trigger)
        }
    }

    /// Branches that wait for each other never start.
    private func checkCycles(_ dependencies: [[(branch: Int, trigger: Workflow.Trigger)]], _ branches: [FieldReader]) {
        var waits = dependencies.map { Set($0.map(\.branch)) }
        var dependents = [[Int]](repeating: [], count: waits.count)
        for (index, list) in waits.enumerated() {
            for other in list { dependents[other].append(index) }
        }
        var ready = waits.indices.filter { waits[$0].isEmpty }
        var done = 0
        while let index = ready.popLast() {
            done += 1
            for other in dependents[index] {
                waits[other].remove(index)
                if waits[other].isEmpty { ready.append(other) }
            }
        }
        guard done < waits.count else { return }
        for (index, list) in waits.enumerated() where !list.isEmpty {
            branches[index].schema("The branch waits for itself, directly or through others", at: "DependsOn")
            return
        }
    }
}
