/** The list of what an image contains, as CycloneDX 1.6 (ECMA-424). The same contents give the same bytes. */
import { createHash } from 'node:crypto';
import type { BundledPackage } from '../bundled-packages.ts';
import type { NodePackage } from './node.ts';
import type { System } from './system-files.ts';

export interface Component {
  readonly type: 'application' | 'library' | 'operating-system';
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly object[];
  readonly hashes?: readonly object[];
}

/** @param version that of task-runs */
export function sbomOf(version: string, system: System, bundled: readonly BundledPackage[]): Buffer {
  return cycloneDx('container', version, componentsOf(system, bundled));
}

/**
 * @param type what is made of the components
 * @param version that of task-runs
 */
export function cycloneDx(type: 'container' | 'application', version: string, contents: readonly Component[]): Buffer {
  const components = contents.map((one) => ({ 'bom-ref': one.purl ?? one.name, ...one }));
  const hash = createHash('sha256')
    .update(JSON.stringify([version, components]))
    .digest('hex');
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    // A UUID of version 8 (RFC 9562) made of the contents: a random one would differ in each build.
    serialNumber: `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`,
    version: 1,
    metadata: {
      component: {
        'bom-ref': 'task-runs',
        type,
        name: 'task-runs',
        version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components,
    dependencies: [{ ref: 'task-runs', dependsOn: components.map((one) => one['bom-ref']) }],
  };
  return Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`);
}

function componentsOf(system: System, bundled: readonly BundledPackage[]): Component[] {
  const { architecture, node, packages, release } = system;
  return [
    { type: 'operating-system', name: release.id, version: release.version },
    nodeComponent(node),
    ...packages.map(({ name, version, sha256 }): Component => ({
      type: 'library',
      name,
      version,
      purl: `pkg:deb/${release.id}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${release.id}-${release.version}`,
      hashes: [{ alg: 'SHA-256', content: sha256 }],
    })),
    ...npmComponents(bundled),
  ];
}

export function nodeComponent({ name, version }: Pick<NodePackage, 'name' | 'version'>): Component {
  return { type: 'application', name, version, purl: npm(name, version), licenses: [{ expression: 'MIT' }] };
}

export function npmComponents(bundled: readonly BundledPackage[]): Component[] {
  return onceEach(bundled).map(({ name, version, license }) => ({
    type: 'library',
    name,
    version,
    purl: npm(name, version),
    licenses: [{ expression: license }],
  }));
}

/** A package may be in two folders of node_modules in one version. */
function onceEach(bundled: readonly BundledPackage[]): BundledPackage[] {
  return [...new Map(bundled.map((one) => [npm(one.name, one.version), one])).values()];
}

function npm(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}
