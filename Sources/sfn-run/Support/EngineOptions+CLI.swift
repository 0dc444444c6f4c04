import Engine
import LocalJobs
import LocalPipelines
import ServiceIntegrations
import StatesLanguage

extension EngineOptions {
    /// For a verb that runs no tasks.
    static func named(_ verb: String) -> EngineOptions {
        var options = EngineOptions()
        options.name = "sfn-run \(verb)"
        return options
    }

    /// For a verb that runs executions: what its machines' tasks call is looked up in the configuration.
    /// `log` gets what tasks print, with the id of their …Scheduled event.
    static func running(
        _ verb: String, _ configuration: Configuration, maxConcurrency: Int?, cache: CacheMode = .contents,
        log: (@Sendable ([UInt8], Int64) -> Void)? = nil
    ) -> EngineOptions {
        var options = named(verb)
        options.region = configuration.services.region
        options.account = configuration.services.account
        options.limits = TaskLimits(configuration.limits)
        options.liftsQuotas = !configuration.limits.quotas
        if let maxConcurrency { options.limits.perProcess = maxConcurrency }
        options.buckets = LocalBuckets(configuration)
        options.remoteBuckets = AWSIntegrations(configuration.services).remoteBuckets
        options.integration = TaskCalls(configuration, log: log).lookUp
        options.stepCaching = StepCacheRules.caching(configuration, cache)
        return options
    }
}
