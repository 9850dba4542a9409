"""Reads, checks and executes BPMN and DMN; the only place that knows SpiffWorkflow.

How a case moves, in reading order: `program` compiles the files of a procedure (`parse` reads the diagrams,
`steps` what their elements say); `runtime` is what the engine calls; `mover` runs tokens; `tokens`, `scopes`
and `scripting` are what it works with; `activities`, `events`, `gateways` and `loops` are the nodes;
`errors_in_flow` finds who catches; `waits` and `journal` say what came of it; `snapshot` writes it down.
"""
