/** What Argo CD and Flux make of our resources, by a Lua and a CEL from npm, over statuses that were recorded. */
import { readFile } from 'node:fs/promises';
import { Environment } from '@marcbachmann/cel-js';
import { LuaFactory } from 'wasmoon';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec?: unknown;
  readonly status?: Readonly<Record<string, unknown>>;
}

interface Health {
  readonly status: string;
  readonly message: string;
}

interface HealthCheckExpr {
  readonly kind: string;
  readonly inProgress: string;
  readonly failed: string;
  readonly current: string;
}

const yamlOf = async (path: string): Promise<unknown> => parse(await readFile(new URL(path, import.meta.url), 'utf8'));

const { data: scripts } = (await yamlOf('argo-cd/argocd-cm.yaml')) as { data: Record<string, string> };
const { spec: flux } = (await yamlOf('flux/kustomization.yaml')) as { spec: { healthCheckExprs: HealthCheckExpr[] } };

/** As Argo CD does: the script of the group and kind, with the object as `obj`. */
async function argoHealth(object: Resource): Promise<Health> {
  const group = object.apiVersion.split('/')[0] ?? '';
  const script = scripts[`resource.customizations.health.${group}_${object.kind}`];
  if (script === undefined) throw new Error(`there is no script for ${group} ${object.kind}`);
  // Without proxies the script sees tables of Lua's own, as in Argo CD.
  const lua = await new LuaFactory().createEngine({ enableProxy: false });
  try {
    lua.global.set('obj', object);
    return (await lua.doString(script)) as Health;
  } finally {
    lua.global.close();
  }
}

/** As Flux does: inProgress first, then failed, then current; what cannot be evaluated, or none, is in progress. */
function fluxHealth(object: Resource): string {
  const rules = flux.healthCheckExprs.find(({ kind }) => kind === object.kind);
  if (!rules) throw new Error(`there is no expression for ${object.kind}`);
  const environment = new Environment();
  for (const name of ['metadata', 'spec', 'status']) environment.registerVariable(name, 'dyn');
  const holds = (rule: string): boolean => {
    expect(environment.check(rule)).toMatchObject({ valid: true });
    return environment.evaluate(rule, asCel({ ...object }) as Record<string, unknown>) === true;
  };
  try {
    if (holds(rules.inProgress)) return 'InProgress';
    if (holds(rules.failed)) return 'Failed';
    if (holds(rules.current)) return 'Current';
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'AssertionError') throw error;
  }
  return 'InProgress';
}

/** As Kubernetes' JSON has it: whole numbers are CEL's int. */
function asCel(value: unknown): unknown {
  if (Number.isInteger(value)) return BigInt(value as number);
  if (Array.isArray(value)) return value.map(asCel);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, asCel(field)]));
}

const recorded = async (moment: string, name: string): Promise<Resource> => {
  const { items } = (await yamlOf(`../test/recordings/kubevela-1.10.9/${moment}/applications.yaml`)) as {
    items: Resource[];
  };
  const found = items.find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`${moment} has no Application ${name}`);
  return found;
};

/** The definition's details, which are younger than the recordings: what runs at the moment. */
function withActive({ status, ...application }: Resource, active: string): Resource {
  const services = (status?.services as object[]).map((service) => ({ ...service, details: { active } }));
  return { ...application, status: { ...status, services } };
}

describe('an Application of KubeVela', () => {
  it.each([
    { moment: '01-deployed', active: '', argo: 'Progressing', inFlux: 'InProgress' },
    { moment: '02-running', active: 'job1-v1 Running', argo: 'Progressing', inFlux: 'InProgress' },
    { moment: '03-succeeded', active: 'none', argo: 'Healthy', inFlux: 'Current' },
    { moment: '04-changed-status-still-old', active: '', argo: 'Progressing', inFlux: 'InProgress' },
    { moment: '05-failed', active: 'none', argo: 'Degraded', inFlux: 'Failed' },
    { moment: '06-third-after-failure', active: 'none', argo: 'Healthy', inFlux: 'Current' },
  ])('at the moment $moment is $argo and $inFlux', async ({ moment, active, argo, inFlux }) => {
    const application = withActive(await recorded(moment, 'web'), active);
    expect((await argoHealth(application)).status).toBe(argo);
    expect(fluxHealth(application)).toBe(inFlux);
  });

  it('says which component failed, and why', async () => {
    const application = withActive(await recorded('05-failed', 'web'), 'none');
    expect((await argoHealth(application)).message).toBe('job1: job1-v2 Failed: exit 3');
  });

  it('whose spec KubeVela has not seen yet is in progress', async () => {
    const { metadata, ...application } = withActive(await recorded('03-succeeded', 'web'), 'none');
    const changed = { ...application, metadata: { ...metadata, generation: 99 } };
    expect((await argoHealth(changed)).status).toBe('Progressing');
    expect(fluxHealth(changed)).toBe('InProgress');
  });

  it.each(['19-step-failed', '22-step-terminated'])('whose workflow ended badly (%s) is degraded', async (moment) => {
    const { items } = (await yamlOf(`../test/recordings/kubevela-1.10.9/${moment}/applications.yaml`)) as {
      items: Resource[];
    };
    const application = items.find(({ status }) => /^workflow/.test(String(status?.status)));
    expect((await argoHealth(application as Resource)).status).toBe('Degraded');
    expect(fluxHealth(application as Resource)).toBe('Failed');
  });

  it('whose workflow is suspended says how it goes on', async () => {
    const { status, ...application } = await recorded('03-succeeded', 'web');
    const suspended = { ...application, status: { ...status, status: 'workflowSuspending' } };
    expect(await argoHealth(suspended)).toEqual({
      status: 'Suspended',
      message: 'the workflow waits: vela workflow resume web',
    });
  });
});

const ready = (status: 'True' | 'False') => ({ type: 'Ready', status, reason: 'Any', message: 'any' });
const stalled = { type: 'Stalled', status: 'True', reason: 'ImagePullBackOff', message: 'the image cannot be pulled' };

function task(
  phase: string,
  conditions: readonly object[],
  { suspend = false, observedGeneration = 2 } = {},
): Resource {
  return {
    apiVersion: 'task.oam.dev/v1alpha1',
    kind: 'Task',
    metadata: { name: 'shop-migrate', generation: 2 },
    spec: { suspend },
    status: { phase, observedGeneration, message: `shop-migrate-v2 ${phase}`, conditions },
  };
}

describe('a Task', () => {
  it.each([
    { what: 'runs', object: task('Running', [ready('False')]), argo: 'Progressing', inFlux: 'InProgress' },
    { what: 'succeeded', object: task('Succeeded', [ready('True')]), argo: 'Healthy', inFlux: 'Current' },
    { what: 'failed', object: task('Failed', [ready('False')]), argo: 'Degraded', inFlux: 'Failed' },
    { what: 'was cancelled', object: task('Cancelled', [ready('False')]), argo: 'Degraded', inFlux: 'Failed' },
    { what: 'never gets on', object: task('Pending', [ready('False'), stalled]), argo: 'Degraded', inFlux: 'Failed' },
    { what: 'waits for its schedule', object: task('Idle', [ready('True')]), argo: 'Healthy', inFlux: 'Current' },
    { what: 'failed in the night', object: task('Failed', [ready('True')]), argo: 'Healthy', inFlux: 'Current' },
    {
      what: 'is suspended',
      object: task('Idle', [ready('True')], { suspend: true }),
      argo: 'Suspended',
      inFlux: 'Current',
    },
    {
      what: 'has the status of its last revision',
      object: task('Succeeded', [ready('True')], { observedGeneration: 1 }),
      argo: 'Progressing',
      inFlux: 'InProgress',
    },
  ])('that $what is $argo and $inFlux', async ({ object, argo, inFlux }) => {
    expect((await argoHealth(object)).status).toBe(argo);
    expect(fluxHealth(object)).toBe(inFlux);
  });

  it('without a status waits for the controller', async () => {
    const { status: _status, ...object } = task('Idle', []);
    expect(await argoHealth(object)).toEqual({
      status: 'Progressing',
      message: 'waiting for the task-runs controller',
    });
    expect(fluxHealth(object)).toBe('InProgress');
  });

  it('that never gets on says why', async () => {
    expect((await argoHealth(task('Pending', [ready('False'), stalled]))).message).toBe('the image cannot be pulled');
  });
});

describe('a TaskRun', () => {
  it.each([
    ['Pending', 'Progressing', 'InProgress'],
    ['Queued', 'Progressing', 'InProgress'],
    ['Running', 'Progressing', 'InProgress'],
    ['Succeeded', 'Healthy', 'Current'],
    ['Skipped', 'Healthy', 'Current'],
    ['Failed', 'Degraded', 'Failed'],
    ['Cancelled', 'Degraded', 'Failed'],
  ])('that is %s is %s and %s', async (phase, argo, inFlux) => {
    const run = { ...task(phase, []), kind: 'TaskRun' };
    expect((await argoHealth(run)).status).toBe(argo);
    expect(fluxHealth(run)).toBe(inFlux);
  });
});
