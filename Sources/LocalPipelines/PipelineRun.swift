/// What is kept with an execution of a pipeline, among its parameters, for those who look at it later.
package enum PipelineRun {
    /// The definition, as JSON.
    package static let definitionKey = "pipelineDefinition"
    /// `{SelectedSteps, SourcePipelineExecutionArn?}` of a selective execution.
    package static let selectionKey = "selectiveExecutionConfig"
}
