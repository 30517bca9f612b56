/**
 * The resources of group task.oam.dev, as the API server hands them out. Specs and statuses are generated from the
 * CRDs.
 */
import type { TaskSpec, TaskStatus } from './task.gen.ts';
import type { TaskTemplateSpec } from './task-template.gen.ts';
import type { TaskRunSpec, TaskRunStatus } from './task-run.gen.ts';

export type { TaskSpec, TaskStatus, TaskRunSpec, TaskRunStatus, TaskTemplateSpec };

export const group = 'task.oam.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

/** An ownerReference, as metav1. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** The part of ObjectMeta that decisions need. Times are RFC 3339. */
export interface Meta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface Task {
  readonly metadata: Meta;
  readonly spec: TaskSpec;
  readonly status?: TaskStatus;
}

export interface TaskRun {
  readonly metadata: Meta;
  readonly spec: TaskRunSpec;
  readonly status?: TaskRunStatus;
}

export interface TaskTemplate {
  readonly metadata: Meta;
  readonly spec: TaskTemplateSpec;
}

export type ExecutionPolicy = NonNullable<TaskSpec['executionPolicy']>;
export type Trigger = NonNullable<TaskSpec['trigger']>;
export type RunTrigger = NonNullable<TaskRunSpec['trigger']>;
export type Snapshot = NonNullable<TaskRunSpec['snapshot']>;
/** What a TaskRun's status records of one of its Jobs: an attempt of the run, or a step of its flow. */
export type JobRow = NonNullable<TaskRunStatus['jobs']>[number];
export type RunPhase = NonNullable<TaskRunStatus['phase']>;
export type RunSummary = NonNullable<TaskStatus['lastRuns']>[number];
export type Condition = NonNullable<TaskStatus['conditions']>[number];

/** Labels that we set. The API server refuses to let anybody take them off a Job (see the admission policy). */
export const labels = {
  task: `${group}/task`,
  run: `${group}/run`,
  /** On the Jobs of a run's further attempts. */
  attempt: `${group}/attempt`,
  /** On the Jobs and pods of a flow's steps. */
  step: `${group}/step`,
} as const;

/** Labels by which Kueue knows a Job that is to wait in one of its queues. */
export const queueLabels = {
  queue: 'kueue.x-k8s.io/queue-name',
  priorityClass: 'kueue.x-k8s.io/priority-class',
} as const;

/** Labels that KubeVela sets on what it renders. */
export const velaLabels = {
  application: 'app.oam.dev/name',
  applicationNamespace: 'app.oam.dev/namespace',
  component: 'app.oam.dev/component',
  revisionHash: 'app.oam.dev/app-revision-hash',
} as const;

/** An annotation of the Application, whose change makes KubeVela look at a task's status again. */
export const nudgeAnnotation = `${group}/nudge`;

/**
 * An annotation of the Application: `-` where its Tasks were named when a Task's name was always joined with one dash.
 * definitions/task.cue reads it.
 */
export const joinedByAnnotation = `${group}/joined-by`;

/** Annotations of the Application that say what ran, one for each of its Tasks; see cluster/mark.ts. */
export const markAnnotationPrefix = `ran.${group}/`;

/** CronJob's annotation: when a Job was due, RFC 3339 in the schedule's zone. */
export const scheduledTimestampAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
