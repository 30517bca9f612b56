import type { JsonObject, KubeObject } from './objects.ts';

export interface TraitUse {
  readonly type: string;
  readonly properties?: JsonObject;
}

export interface Component {
  readonly name: string;
  readonly type: string;
  readonly properties?: JsonObject;
  readonly traits?: readonly TraitUse[];
  readonly dependsOn?: readonly string[];
}

export interface PolicyUse {
  readonly name?: string;
  readonly type: string;
  readonly properties?: JsonObject;
}

export interface WorkflowStep {
  readonly name: string;
  readonly type: string;
  readonly properties?: JsonObject;
  readonly dependsOn?: readonly string[];
  readonly timeout?: string;
  readonly if?: string;
  readonly inputs?: readonly { readonly from: string; readonly parameterKey?: string }[];
  readonly outputs?: readonly { readonly name: string; readonly valueFrom: string }[];
  /** The steps of a step-group. */
  readonly subSteps?: readonly WorkflowStep[];
}

export interface ApplicationSpec extends JsonObject {
  components: Component[];
  policies?: PolicyUse[];
  workflow?: { mode?: { steps?: 'DAG' | 'StepByStep'; subSteps?: 'DAG' | 'StepByStep' }; steps?: WorkflowStep[] };
}

/** The types of steps that need no definition here. */
export const builtinStepTypes = ['apply-component', 'deploy', 'suspend'] as const;
export type BuiltinStepType = (typeof builtinStepTypes)[number];

export function isBuiltinStep(type: string): type is BuiltinStepType {
  return (builtinStepTypes as readonly string[]).includes(type);
}

export type StepPhase = 'running' | 'succeeded' | 'failed' | 'pending' | 'skipped' | 'suspending';

export interface StepStatus {
  id: string;
  name: string;
  type: string;
  phase: StepPhase;
  message?: string;
  reason?: string;
  firstExecuteTime: string;
  lastExecuteTime: string;
  subSteps?: StepStatus[];
}

export type WorkflowPhase = 'executing' | 'succeeded' | 'failed' | 'terminated' | 'suspending';

export interface WorkflowStatus {
  appRevision: string;
  mode: string;
  status?: WorkflowPhase;
  finished: boolean;
  suspend: boolean;
  terminated: boolean;
  startTime: string;
  endTime?: string;
  steps?: StepStatus[];
  contextBackend?: JsonObject;
  message?: string;
}

export interface ServiceStatus {
  name: string;
  namespace: string;
  workloadDefinition: { apiVersion: string; kind: string };
  healthy: boolean;
  message?: string;
  details?: Record<string, string>;
  traits?: { type: string; healthy: boolean }[];
}

export interface AppliedResource {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
  creator: 'workflow';
}

export interface Condition {
  type: string;
  status: 'True' | 'False';
  reason: string;
  message?: string;
  lastTransitionTime: string;
}

export interface ApplicationStatus extends JsonObject {
  status?: string;
  observedGeneration?: number;
  latestRevision?: { name: string; revision: number; revisionHash: string };
  conditions?: Condition[];
  services?: ServiceStatus[];
  appliedResources?: AppliedResource[];
  workflow?: WorkflowStatus;
}

export interface Application extends KubeObject {
  spec: ApplicationSpec;
  status?: ApplicationStatus;
}

/** Sets a condition; its time changes only with its status. */
export function setCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  const known = conditions.find(({ type }) => type === next.type);
  if (!known) return [...conditions, next];
  const same = known.status === next.status && known.reason === next.reason && known.message === next.message;
  return conditions.map((each) => (each.type === next.type ? (same ? each : next) : each));
}
