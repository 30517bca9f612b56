import type { TraitUse } from './application.ts';
import { isObject, type JsonObject, type KubeObject } from './objects.ts';

type Trait = (parameter: JsonObject, component: string) => { patch?: JsonObject; outputs?: Record<string, JsonObject> };

/** What a trait makes of a workload, and the objects that it adds. */
export interface Traited {
  readonly workload: KubeObject;
  readonly outputs: Record<string, JsonObject>;
}

/** Lays a trait over a workload that is defined in the cluster. */
export type InstalledTrait = (use: TraitUse, workload: KubeObject) => Promise<Traited>;

const inPod = (podSpec: JsonObject): { patch: JsonObject } => ({ patch: { spec: { template: { spec: podSpec } } } });
const list = (value: unknown): JsonObject[] => (value ?? []) as JsonObject[];
const text = (value: unknown): string => value as string;
const given = (fields: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * What the built-in traits of KubeVela do to a component with a pod template at spec.template, told in our own words
 * from what they were seen to do. Any other trait has to be defined in the cluster.
 */
const traits: Record<string, Trait> = {
  env: ({ env, containerName }, component) =>
    inPod({
      containers: [
        {
          name: text(containerName) || component,
          env: Object.entries(env as JsonObject).map(([name, value]) => ({ name, value })),
        },
      ],
    }),
  resource: ({ cpu, memory, requests, limits }, component) => {
    const both = { cpu: cpu ?? 1, memory: memory ?? '2048Mi' };
    const wanted = (requests ?? limits) ? given({ requests, limits }) : { requests: both, limits: both };
    return inPod({ containers: [{ name: component, resources: wanted }] });
  },
  storage: (parameter, component) => storage(parameter, component),
  labels: (labels) => ({ patch: { metadata: { labels }, spec: { template: { metadata: { labels } } } } }),
  annotations: (annotations) => ({
    patch: { metadata: { annotations }, spec: { template: { metadata: { annotations } } } },
  }),
  sidecar: ({ name, image, cmd, args, env, volumes, livenessProbe, readinessProbe }) =>
    inPod({
      containers: [
        given({
          name,
          image,
          command: cmd,
          args,
          env,
          volumeMounts:
            volumes === undefined
              ? undefined
              : list(volumes).map((volume) => ({ name: volume['name'], mountPath: volume['path'] })),
          livenessProbe,
          readinessProbe,
        }),
      ],
    }),
  'node-affinity': ({ affinity, tolerations }) =>
    inPod(
      given({
        affinity:
          affinity === undefined
            ? undefined
            : {
                nodeAffinity: {
                  requiredDuringSchedulingIgnoredDuringExecution: {
                    nodeSelectorTerms: [
                      {
                        matchExpressions: Object.entries(affinity as JsonObject).map(([key, values]) => ({
                          key,
                          operator: 'In',
                          values,
                        })),
                      },
                    ],
                  },
                },
              },
        tolerations,
      }),
    ),
  'service-account': ({ name, create }) => ({
    ...inPod({ serviceAccountName: name }),
    outputs:
      create === true ? { 'service-account': { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } } } : {},
  }),
  'init-container': (
    { name, image, imagePullPolicy, cmd, args, env, mountName, appMountPath, initMountPath, extraVolumeMounts },
    component,
  ) => {
    const volume = text(mountName ?? 'workdir');
    return inPod({
      containers: [{ name: component, volumeMounts: [{ name: volume, mountPath: appMountPath }] }],
      initContainers: [
        given({
          name,
          image,
          imagePullPolicy: imagePullPolicy ?? 'IfNotPresent',
          command: cmd,
          args,
          env,
          volumeMounts: [{ name: volume, mountPath: initMountPath }, ...list(extraVolumeMounts)],
        }),
      ],
      volumes: [{ name: volume, emptyDir: {} }],
    });
  },
  podsecuritycontext: (securityContext) => inPod({ securityContext: given(securityContext) }),
  affinity: ({ podAffinity, podAntiAffinity, nodeAffinity, tolerations }) => {
    const affinity = given({ podAffinity, podAntiAffinity, nodeAffinity });
    return inPod(given({ affinity: Object.keys(affinity).length > 0 ? affinity : undefined, tolerations }));
  },
};

function storage(parameter: JsonObject, component: string): { patch: JsonObject; outputs: Record<string, JsonObject> } {
  const volumes = [
    ...list(parameter['pvc']).map(({ name }) => ({
      name: `pvc-${text(name)}`,
      persistentVolumeClaim: { claimName: name },
    })),
    ...list(parameter['configMap']).map(({ name, defaultMode, items }) => ({
      name: `configmap-${text(name)}`,
      configMap: given({ name, defaultMode: defaultMode ?? 420, items }),
    })),
    ...list(parameter['secret']).map(({ name, defaultMode, items }) => ({
      name: `secret-${text(name)}`,
      secret: given({ secretName: name, defaultMode: defaultMode ?? 420, items }),
    })),
    ...list(parameter['emptyDir']).map(({ name, medium }) => ({
      name: `emptydir-${text(name)}`,
      emptyDir: { medium: medium ?? '' },
    })),
    ...list(parameter['hostPath']).map(({ name, path, type }) => ({
      name: `hostpath-${text(name)}`,
      hostPath: { path, type: type ?? 'Directory' },
    })),
  ];
  const prefixes = { pvc: 'pvc', configMap: 'configmap', secret: 'secret', emptyDir: 'emptydir', hostPath: 'hostpath' };
  const volumeMounts = Object.entries(prefixes).flatMap(([field, prefix]) =>
    list(parameter[field]).map(({ name, mountPath, subPath }) =>
      given({ name: `${prefix}-${text(name)}`, mountPath, subPath }),
    ),
  );
  const objects = [
    ...list(parameter['configMap']).map((each) => ({ kind: 'ConfigMap', each, fields: given({ data: each['data'] }) })),
    ...list(parameter['secret']).map((each) => ({
      kind: 'Secret',
      each,
      fields: given({ data: each['data'], stringData: each['stringData'] }),
    })),
  ].filter(({ each }) => each['mountOnly'] !== true);
  return {
    ...inPod({ volumes, containers: [{ name: component, volumeMounts, volumeDevices: [] }] }),
    outputs: Object.fromEntries(
      objects.map(({ kind, each, fields }) => [
        `${kind.toLowerCase()}-${text(each['name'])}`,
        { apiVersion: 'v1', kind, metadata: { name: each['name'] }, ...fields },
      ]),
    ),
  };
}

/**
 * Lays a component's traits over its workload, in their order.
 * @param installed lays those over it that are not KubeVela's own
 */
export async function withTraits(
  workload: KubeObject,
  component: string,
  uses: readonly TraitUse[],
  installed: InstalledTrait,
): Promise<{ workload: KubeObject; outputs: { trait: string; name: string; object: JsonObject }[] }> {
  let patched = workload;
  const outputs: { trait: string; name: string; object: JsonObject }[] = [];
  for (const use of uses) {
    const builtin = traits[use.type];
    const effect = builtin ? laidOver(builtin, use, patched, component) : await installed(use, patched);
    patched = effect.workload;
    for (const [name, object] of Object.entries(effect.outputs)) outputs.push({ trait: use.type, name, object });
  }
  return { workload: patched, outputs };
}

function laidOver(trait: Trait, { properties = {} }: TraitUse, workload: KubeObject, component: string): Traited {
  const { patch, outputs = {} } = trait(properties, component);
  return { workload: patch ? (overlay(workload, patch) as KubeObject) : workload, outputs };
}

/** Whether it is a trait of KubeVela's own that needs no definition here. */
export function isBuiltinTrait(type: string): boolean {
  return type in traits;
}

export const builtinTraits: readonly string[] = Object.keys(traits);

/**
 * Merges as a patch with `patchKey=name` does: objects by field, lists of named things by name, and what is new at the
 * end.
 */
function overlay(base: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return Array.isArray(base) ? overlayList(base as unknown[], patch as unknown[]) : patch;
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(patch)) result[key] = overlay(result[key], value);
  return result;
}

function overlayList(base: unknown[], patch: unknown[]): unknown[] {
  const result = [...base];
  for (const element of patch) {
    const name = isObject(element) ? element['name'] : undefined;
    const index = name === undefined ? -1 : result.findIndex((each) => isObject(each) && each['name'] === name);
    if (index < 0) result.push(element);
    else result[index] = overlay(result[index], element);
  }
  return result;
}
