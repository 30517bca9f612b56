/** The volumes of a pod, and their mounts in its containers. */
import type { SchemaProblem } from '../schema.ts';
import { labelNameProblems } from './names.ts';
import { twice, type Place } from './place.ts';

/** What a source of a volume must say. */
const needed: Readonly<Record<string, readonly string[]>> = {
  configMap: ['name'],
  csi: ['driver'],
  ephemeral: ['volumeClaimTemplate'],
  hostPath: ['path'],
  nfs: ['server', 'path'],
  persistentVolumeClaim: ['claimName'],
  secret: ['secretName'],
};

export function volumeProblems(volumes: Place): readonly SchemaProblem[] {
  const names = volumes.items.map((volume) => volume.at('name'));
  return [
    ...volumes.items.flatMap(ofVolume),
    ...names.flatMap(labelNameProblems),
    ...twice(names, ' a second time: give each volume a name of its own'),
  ];
}

function ofVolume(volume: Place): readonly SchemaProblem[] {
  const sources = volume.names.filter((name) => name !== 'name');
  const [source] = sources;
  // Kubernetes takes an empty folder then.
  if (source === undefined) return volume.lacks('name');
  const from = volume.at(source);
  return [
    ...volume.lacks('name'),
    ...(sources.length > 1 ? [volume.problem(`has several sources, ${sources.join(' and ')}: write one of them`)] : []),
    ...from.lacks(...(needed[source] ?? [])),
    ...from.at('items').items.flatMap(ofFile),
    ...from.at('sources').items.flatMap(ofProjection),
    ...ofClaim(from.at('volumeClaimTemplate', 'spec')),
    ...(source === 'hostPath' ? backsteps(from.at('path')) : []),
  ];
}

function ofProjection(source: Place): readonly SchemaProblem[] {
  const kinds = source.names;
  const [kind, other] = kinds;
  if (kind === undefined) return [];
  if (other !== undefined)
    return [source.problem(`has several sources, ${kinds.join(' and ')}: write each as an element of its own`)];
  return [
    ...source.at(kind).lacks(...(kind === 'configMap' || kind === 'secret' ? ['name'] : [])),
    ...source.at('serviceAccountToken').lacks('path'),
    ...source.at(kind, 'items').items.flatMap(ofFile),
  ];
}

/** A file of a config map, a secret or the downward API. */
function ofFile(file: Place): readonly SchemaProblem[] {
  const { text = '' } = file.at('path');
  const isOutside = text.startsWith('/') || text.split('/').includes('..') || text.startsWith('..');
  return [
    ...file.lacks('path'),
    ...(isOutside ? [file.at('path').is(': write a path below the mount, without ..')] : []),
  ];
}

function ofClaim(claim: Place): readonly SchemaProblem[] {
  if (!claim.isThere) return [];
  return [
    ...(claim.at('accessModes').items.length === 0 ? [claim.problem('lacks accessModes: write [ReadWriteOnce]')] : []),
    ...(claim.at('resources', 'requests', 'storage').isThere
      ? []
      : [claim.problem('lacks resources.requests.storage: write its size, such as 1Gi')]),
  ];
}

function backsteps(path: Place): readonly SchemaProblem[] {
  return (path.text ?? '').split('/').includes('..') ? [path.is(': write it without ..')] : [];
}

/** @param names of the pod's volumes; undefined where something else may add some */
export function mountProblems(container: Place, names: ReadonlySet<string> | undefined): readonly SchemaProblem[] {
  const mounts = container.at('volumeMounts').items;
  return [
    ...mounts.flatMap((mount) => [
      ...mount.lacks('name', 'mountPath'),
      ...ofUnknownVolume(mount.at('name'), names),
      ...ofFolder(mount),
      ...ofPropagation(mount.at('mountPropagation'), container),
    ]),
    ...container.at('volumeDevices').items.flatMap((device) => ofUnknownVolume(device.at('name'), names)),
    ...twice(
      mounts.map((mount) => mount.at('mountPath')),
      ' a second time: a container can have one volume at a path',
    ),
  ];
}

function ofUnknownVolume(name: Place, names: ReadonlySet<string> | undefined): readonly SchemaProblem[] {
  const { text = '' } = name;
  if (text === '' || !names || names.has(text)) return [];
  const there = names.size === 0 ? 'no volumes' : `only ${[...names].join(', ')}`;
  return [name.is(`, and the pod has ${there}: write that volume into volumes, or into podSpec.volumes`)];
}

function ofFolder(mount: Place): readonly SchemaProblem[] {
  const [subPath, expression] = [mount.at('subPath'), mount.at('subPathExpr')];
  const both = subPath.isThere && expression.isThere;
  return [
    ...(both ? [mount.problem('has subPath and subPathExpr: write one of them')] : []),
    ...[subPath, expression].flatMap((path) =>
      path.text?.startsWith('/') ? [path.is(': write a path in the volume, without / in front')] : backsteps(path),
    ),
  ];
}

function ofPropagation(propagation: Place, container: Place): readonly SchemaProblem[] {
  const isPrivileged = container.at('securityContext', 'privileged').value === true;
  return propagation.text === 'Bidirectional' && !isPrivileged
    ? [propagation.is(', which only privileged containers can have: write HostToContainer or None')]
    : [];
}
