import { Command } from 'commander';
import { print } from '../../plan/kubectl-yaml.ts';
import { readManifests, type Manifest } from '../convert/manifests.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { Io } from '../io.ts';
import type { LoadParts } from '../plan/parts.ts';
import type { StartOffline } from '../session.ts';
import { remark } from '../remark.ts';

export function convertCommand(start: StartOffline, loadParts: LoadParts): Command {
  return new Command('convert')
    .description(
      'print the Application for manifests of Kubernetes, Argo Workflows, Tekton, Volcano or the JobFlow operator, and say what changes; no cluster is needed',
    )
    .requiredOption('-f, --filename <file>', 'the manifests, as YAML or JSON; - for standard input')
    .action(({ filename }: { filename: string }) => start((io) => convert(io, filename, loadParts)));
}

async function convert(io: Io, filename: string, loadParts: LoadParts): Promise<number> {
  const { definitions } = await loadParts();
  const { manifests, others } = readManifests(await io.read(filename), filename, definitions.schemas);
  const names = manifests.map(({ namespace = '', name }) => `${namespace}/${name}`);
  const twice = manifests.find((_, index) => names.indexOf(names[index] ?? '') !== index);
  if (twice !== undefined)
    throw new CliError(
      `${filename}: two manifests have the name ${twice.name}, and an Application needs a name of its own: convert them one by one, or rename one`,
    );
  for (const manifest of manifests) {
    const { application, warnings } = applicationOf(manifest);
    await io.out.write(`---\n${print(application)}`);
    for (const warning of warnings)
      await remark(io, 'yellow', 'changes:', `${manifest.kind} ${manifest.name}: ${warning}`);
  }
  for (const other of others) await remark(io, 'yellow', 'remains:', other);
  return exitCodes.ok;
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
