/**
 * The reasons of the events that are recorded on a Task, or on the controller's own pod, beside those that a run's
 * status gives: stable words for programs. docs/reference/events.md is generated from this file.
 */

export const eventReasons = {
  admitted: 'Admitted',
  archiveUnavailable: 'ArchiveUnavailable',
  evicted: 'Evicted',
  mayRunAgain: 'MayRunAgain',
  missSchedule: 'MissSchedule',
  queued: 'Queued',
  ranBefore: 'RanBefore',
  runsAgain: 'RunsAgain',
  stepCancelled: 'StepCancelled',
  stepFailed: 'StepFailed',
  stepQueued: 'StepQueued',
  stepSkipped: 'StepSkipped',
  stepStarted: 'StepStarted',
  stepSucceeded: 'StepSucceeded',
  tooManyMissedTimes: 'TooManyMissedTimes',
  writeRefused: 'WriteRefused',
} as const;

export type EventReason = (typeof eventReasons)[keyof typeof eventReasons];

export interface EventMeaning {
  readonly type: 'Normal' | 'Warning';
  readonly meaning: string;
  /** What to do about it; empty where nothing is wrong. */
  readonly remedy: string;
}

export const eventMeanings: Readonly<Record<EventReason, EventMeaning>> = {
  Admitted: {
    type: 'Normal',
    meaning: 'Kueue admitted the run. The message says how long it waited.',
    remedy: '',
  },
  ArchiveUnavailable: {
    type: 'Warning',
    meaning:
      'The archive cannot be reached, or refuses what it is asked. The event is on the pod of the controller that leads. Runs go on; those that end are archived later.',
    remedy:
      'The message says why, and what to do: `kubectl -n vela-system describe pods -l app.kubernetes.io/name=task-runs`.',
  },
  Evicted: {
    type: 'Warning',
    meaning: 'Kueue stopped a run that had started, and the run waits in its queue again.',
    remedy: 'Give the run a `priorityClass` that goes first, or raise the quota. The message has the reason.',
  },
  MayRunAgain: {
    type: 'Warning',
    meaning:
      'The Task was created again after its revision had run, and the Application did not say in time that it applied the Task, so the revision may run a second time.',
    remedy: 'Look at what the first run did. Before a restore set `suspend: true` where a second run would do harm.',
  },
  MissSchedule: {
    type: 'Warning',
    meaning: 'One or more times of the schedule passed without a run.',
    remedy:
      'See whether the controller was down, the Task was suspended, or `startingDeadlineSeconds` is too short. To run now, create a TaskRun (`task-runs run`).',
  },
  Queued: {
    type: 'Normal',
    meaning: 'The run waits, in a queue of Kueue or for its turn. The message says what for.',
    remedy: '',
  },
  RanBefore: {
    type: 'Normal',
    meaning: 'The Task was created again after its revision had run, and the revision is not run a second time.',
    remedy: 'To run it again change the Application, or create a TaskRun (`task-runs run`).',
  },
  RunsAgain: {
    type: 'Warning',
    meaning:
      'The Task is new, and runs what a Task of its name ran before, as the archive has it. The message says why that does not count.',
    remedy: 'Look at what the first run did, and cancel the run where a second one would do harm.',
  },
  StepCancelled: {
    type: 'Normal',
    meaning: 'A step, item or node of the run was cancelled while it ran.',
    remedy: '',
  },
  StepFailed: {
    type: 'Warning',
    meaning: 'A step, item or node of the run failed.',
    remedy: 'The message says why. Fix it and deploy again, or retry the run: what succeeded is not run again.',
  },
  StepQueued: {
    type: 'Normal',
    meaning: 'A step, item or node of the run waits in a queue of Kueue.',
    remedy: '',
  },
  StepSkipped: {
    type: 'Normal',
    meaning: 'A step, item or node of the run was skipped. The message says why.',
    remedy: '',
  },
  StepStarted: { type: 'Normal', meaning: 'A step, item or node of the run started.', remedy: '' },
  StepSucceeded: { type: 'Normal', meaning: 'A step, item or node of the run succeeded.', remedy: '' },
  TooManyMissedTimes: {
    type: 'Warning',
    meaning: 'More than 100 times of the schedule passed without a run; they are not counted one by one.',
    remedy: 'Check the clock of the node that the controller runs on, and how long the controller was down.',
  },
  WriteRefused: {
    type: 'Warning',
    meaning:
      'The API server keeps refusing what the controller writes about one object of the Task. Everything else of the Task goes on, and the controller tries again, at least once a minute.',
    remedy: "The message names the object and has the API server's reason. If nothing else helps, delete that object.",
  },
};
