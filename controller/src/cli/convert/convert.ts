/** What `convert` does: read, convert, print. */
import { print } from '../../plan/kubectl-yaml.ts';
import { exitCodes, UsageError } from '../errors.ts';
import type { Io } from '../io.ts';
import type { LoadParts } from '../plan/parts.ts';
import { remark } from '../remark.ts';
import { readManifests, type Manifest } from './manifests.ts';

/**
 * Prints the Applications of a file's manifests.
 * @returns the exit code
 * @throws UsageError if two manifests would be one Application
 */
export async function convert(io: Io, filename: string, loadParts: LoadParts): Promise<number> {
  const { definitions } = await loadParts();
  const { manifests, others } = readManifests(await io.read(filename), filename, definitions.schemas);
  checkNames(manifests, filename);
  for (const manifest of manifests) {
    const { application, warnings } = applicationOf(manifest);
    await io.out.write(`---\n${print(application)}`);
    for (const warning of warnings)
      await remark(io, 'yellow', 'changes:', `${manifest.kind} ${manifest.name}: ${warning}`);
  }
  for (const other of others) await remark(io, 'yellow', 'remains:', other);
  return exitCodes.ok;
}

/** @throws UsageError if one Application would replace the other */
function checkNames(manifests: readonly Manifest[], filename: string): void {
  const found = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const { kind, name, namespace = '' } = manifest;
    const first = found.get(`${namespace}/${name}`);
    if (first)
      throw new UsageError(
        `${filename}: two manifests (${first.kind}, ${kind}) have the name ${name}, and would be one Application: rename one`,
      );
    found.set(`${namespace}/${name}`, manifest);
  }
}

function applicationOf({ name, namespace, converted, warnings: lost }: Manifest) {
  const { type, properties, warnings } = converted;
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  const application = {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata,
    spec: { components: [{ name, type, properties }] },
  };
  return { application, warnings: [...warnings, ...lost] };
}
