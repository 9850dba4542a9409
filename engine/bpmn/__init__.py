"""Reads, checks and executes BPMN and DMN; the only place that knows SpiffWorkflow."""
