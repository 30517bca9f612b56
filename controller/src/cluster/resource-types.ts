import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import { resourceType, type KubeObject } from '../kube/objects.ts';
import type { ApplicationObject } from './workflow-step.ts';
import {
  group,
  version,
  type TaskRunSpec,
  type TaskTemplateSpec,
  type TaskRunStatus,
  type TaskSpec,
  type TaskStatus,
} from '../resources/index.ts';

export interface TaskObject extends KubeObject {
  metadata: ObjectMeta;
  spec: TaskSpec;
  status?: TaskStatus;
}

export interface TaskRunObject extends KubeObject {
  metadata: ObjectMeta;
  spec: TaskRunSpec;
  status?: TaskRunStatus;
}

export interface TaskTemplateObject extends KubeObject {
  metadata: ObjectMeta;
  spec: TaskTemplateSpec;
}

export const tasks = resourceType<TaskObject>({ group, version, plural: 'tasks', kind: 'Task', namespaced: true });
export const taskRuns = resourceType<TaskRunObject>({
  group,
  version,
  plural: 'taskruns',
  kind: 'TaskRun',
  namespaced: true,
});
export const taskTemplates = resourceType<TaskTemplateObject>({
  group,
  version,
  plural: 'tasktemplates',
  kind: 'TaskTemplate',
  namespaced: true,
});
export const applications = resourceType<ApplicationObject>({
  group: 'core.oam.dev',
  version: 'v1beta1',
  plural: 'applications',
  kind: 'Application',
  namespaced: true,
});
