const ours = '\ntemplate: {\n\toutput: {\n';

/** What stands in for the Task: a Job of the same pods. */
const header = `task: {
	type: "component"
	annotations: {}
	labels: {}
	description: "Runs a container to its end. The addon task-runs, which runs it again for every deployment, is disabled."
	attributes: {
		workload: {
			definition: {
				apiVersion: "batch/v1"
				kind:       "Job"
			}
			type: "jobs.batch"
		}
		status: {
			healthPolicy: #"""
				isHealth: *false | bool
				if context.output.status.conditions != _|_ {
					isHealth: len([for condition in context.output.status.conditions if condition.type == "Complete" && condition.status == "True" {condition.type}]) > 0
				}
				"""#
			customStatus: #"""
				count: {
					active:    *0 | int
					succeeded: *0 | int
					failed:    *0 | int
				}
				if context.output.status.active != _|_ {
					count: active: context.output.status.active
				}
				if context.output.status.succeeded != _|_ {
					count: succeeded: context.output.status.succeeded
				}
				if context.output.status.failed != _|_ {
					count: failed: context.output.status.failed
				}
				message: "pods: \\(count.active) active, \\(count.succeeded) succeeded, \\(count.failed) failed"
				"""#
		}
	}
}
`;

const job = `
template: {
	output: {
		apiVersion: "batch/v1"
		kind:       "Job"
		metadata: name: task.metadata.name
		spec: {
			task.spec.job
			template: task.spec.template
		}
	}
	// What the addon's own definition renders.
	task: {
`;

/**
 * The definition that takes the addon's place when it is disabled: a `task` with the same parameters that renders a Job as
 * KubeVela's own does, so that Applications written for the addon can still be deployed. executionPolicy has no effect.
 *
 * @param definition the text of definitions/task.cue
 */
export function plainTask(definition: string): string {
  const start = definition.indexOf(ours);
  if (start < 0) throw new Error(`definitions/task.cue has no ${JSON.stringify(ours)}, where the Job would be put`);
  return header + job + definition.slice(start + ours.length);
}
