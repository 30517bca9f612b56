interface Plain {
  readonly name: string;
  readonly kind: 'Job' | 'CronJob';
  readonly description: string;
}

const header = ({ name, kind, description }: Plain) => `${JSON.stringify(name)}: {
	type: "component"
	annotations: {}
	labels: {}
	description: "${description} The addon task-runs, which keeps the runs before, is disabled."
	attributes: {
		workload: {
			definition: {
				apiVersion: "batch/v1"
				kind:       "${kind}"
			}
			type: "${kind.toLowerCase()}s.batch"
		}
		status: {
			healthPolicy: #"""
				isHealth: *false | bool
				suspended: *false | bool
				if context.output.spec.suspend != _|_ {
					suspended: context.output.spec.suspend
				}
				if context.output.kind == "CronJob" || suspended {
					isHealth: true
				}
				if context.output.kind == "Job" && !suspended && context.output.status.conditions != _|_ {
					isHealth: len([for condition in context.output.status.conditions if condition.type == "Complete" && condition.status == "True" {condition.type}]) > 0
				}
				"""#
			customStatus: #"""
				count: {
					active:    *0 | int
					succeeded: *0 | int
					failed:    *0 | int
				}
				suspended: *false | bool
				last:      *"never" | string
				if context.output.spec.suspend != _|_ {
					suspended: context.output.spec.suspend
				}
				if context.output.status.lastScheduleTime != _|_ {
					last: context.output.status.lastScheduleTime
				}
				if context.output.kind == "Job" && context.output.status.active != _|_ {
					count: active: context.output.status.active
				}
				if context.output.status.succeeded != _|_ {
					count: succeeded: context.output.status.succeeded
				}
				if context.output.status.failed != _|_ {
					count: failed: context.output.status.failed
				}
				message: [
					if suspended {"suspended"},
					if context.output.kind == "CronJob" {"last scheduled: \\(last)"},
					"pods: \\(count.active) active, \\(count.succeeded) succeeded, \\(count.failed) failed",
				][0]
				"""#
		}
	}
}
`;

const objects = `
template: {
	output: {
		apiVersion: "batch/v1"
		if rendered.spec.schedule == _|_ {
			kind: "Job"
			metadata: {
				name: rendered.metadata.name
				if rendered.spec.queue != _|_ {
					labels: _queueLabels
				}
			}
			spec: {
				_job
				if _suspended || _policy.trigger == "Manual" {
					suspend: true
				}
			}
		}
		if rendered.spec.schedule != _|_ {
			_cronJobs[0]
		}
		// A Job without them would run another command: Kubernetes leaves $(item.dir) as it is, and a shell makes nothing of
		// it. A template has no other way to report an error: these fields conflict, and their names say why.
		for field, instead in _instead if rendered.spec[field] != _|_ {
			"\\(field) needs the addon task-runs": instead & false
		}
	}
	_instead: {
		items:       "enable it, or write a component for each item"
		matrix:      "enable it, or write a component for each combination"
		templateRef: "enable it, or write into the component what the template runs"
	}
	outputs: {
		for index, object in _cronJobs if index > 0 {
			"cron-\\(index)": object
		}
	}

	_suspended: *false | bool
	if rendered.spec.suspend != _|_ {
		_suspended: rendered.spec.suspend
	}
	_policy: {
		concurrencyPolicy: *"Allow" | string
		keepLast:          *3 | int
		keepLastFailed:    *3 | int
		trigger:           *"Revision" | string
		if rendered.spec.executionPolicy != _|_ {
			rendered.spec.executionPolicy
		}
	}
	_job: {
		if rendered.spec.templateRef == _|_ {
			for field, value in rendered.spec.job {
				"\\(field)": value
			}
			template: rendered.spec.template
		}
		if rendered.spec.timeoutSeconds != _|_ && rendered.spec.job.activeDeadlineSeconds == _|_ {
			activeDeadlineSeconds: rendered.spec.timeoutSeconds
		}
	}
	// Kueue's webhook suspends a Job with these; one that were created suspended KubeVela would suspend again at each
	// deployment.
	_queueLabels: {
		if rendered.spec.queue != _|_ {
			"kueue.x-k8s.io/queue-name": rendered.spec.queue.name
			if rendered.spec.queue.priorityClass != _|_ {
				"kueue.x-k8s.io/priority-class": rendered.spec.queue.priorityClass
			}
		}
	}
	// A CronJob has one schedule.
	_cronJobs: [if rendered.spec.schedule != _|_ for index, cron in rendered.spec.schedule.crons {
		apiVersion: "batch/v1"
		kind:       "CronJob"
		if index > 0 {
			metadata: name: "\\(context.name)-\\(index)"
		}
		spec: {
			schedule: cron
			if rendered.spec.schedule.timeZone != _|_ {
				timeZone: rendered.spec.schedule.timeZone
			}
			if rendered.spec.schedule.startingDeadlineSeconds != _|_ {
				startingDeadlineSeconds: rendered.spec.schedule.startingDeadlineSeconds
			}
			suspend: _suspended
			// The nearest that a CronJob has: no two at once.
			concurrencyPolicy: [if _policy.concurrencyPolicy == "Queue" {"Forbid"}, _policy.concurrencyPolicy][0]
			successfulJobsHistoryLimit: _policy.keepLast
			failedJobsHistoryLimit:     _policy.keepLastFailed
			jobTemplate: {
				if rendered.spec.templateRef == _|_ {
					metadata: rendered.spec.template.metadata & {labels: _queueLabels}
				}
				spec: {
					_job
					if _policy.ttlSecondsAfterFinished != _|_ {
						ttlSecondsAfterFinished: _policy.ttlSecondsAfterFinished
					}
				}
			}
		}
	}]

	// What the addon's own definition renders.
`;

/**
 * The definition that takes the addon's place when it is disabled: a `task` with the same parameters that renders a Job
 * as KubeVela's own does, and a CronJob where it has a schedule, so that Applications written for the addon can still
 * be deployed. Of executionPolicy what a CronJob has too has an effect; a queue is left to Kueue, with its labels on
 * the Job; a task that is suspended or Manual is a suspended Job. What would make another command of it is refused.
 *
 * @param definition the text of the definition task, in one piece
 */
export function plainTask(definition: string): string {
  return header({ name: 'task', kind: 'Job', description: 'Runs a container to its end.' }) + rerendered(definition);
}

/** The same for `cron-task`: a CronJob, and one more for every further cron. */
export function plainCronTask(definition: string): string {
  return (
    header({
      name: 'cron-task',
      kind: 'CronJob',
      description: 'Runs a container to its end at the times of a schedule.',
    }) + rerendered(definition)
  );
}

const ours = '\ntemplate: {\n\toutput: ';

function rerendered(definition: string): string {
  const start = definition.indexOf(ours);
  if (start < 0) throw new Error(`the definition has no ${JSON.stringify(ours)}, which the Job would be made of`);
  return `${objects}\trendered: ${definition.slice(start + ours.length)}`;
}
