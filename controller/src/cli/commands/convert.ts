import { Command } from 'commander';
import { parseAllDocuments, stringify } from 'yaml';
import { kinds, unread } from '../convert/kinds.ts';
import type { Fields } from '../convert/work.ts';
import { CliError, exitCodes, UsageError } from '../errors.ts';
import type { Io } from '../io.ts';
import type { StartOffline } from '../session.ts';
import { paintFor } from '../style.ts';

export function convertCommand(start: StartOffline): Command {
  return new Command('convert')
    .description(
      'print the Application for manifests of a Job, CronJob, JobFlow, DaemonJob or JobTemplate, and say what changes; no cluster is needed',
    )
    .requiredOption('-f, --filename <file>', 'the manifests, as YAML or JSON; - for standard input')
    .action(({ filename }: { filename: string }) => start((io) => convert(io, filename)));
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Fields };
  readonly spec: Fields;
}

async function convert(io: Io, filename: string): Promise<number> {
  const manifests = readManifests(await io.read(filename), filename);
  const names = manifests.map(({ metadata }) => metadata.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new CliError(
      `${filename}: two manifests have the name ${twice}, and an Application needs a name of its own: convert them one by one, or rename one`,
    );
  const paint = paintFor(io, io.err);
  for (const manifest of manifests) {
    const { application, warnings } = applicationOf(manifest);
    await io.out.write(`---\n${stringify(application)}`);
    for (const warning of warnings)
      await io.err.write(`${paint('yellow', 'changes:')} ${manifest.kind} ${manifest.metadata.name}: ${warning}\n`);
  }
  return exitCodes.ok;
}

function applicationOf({ kind, metadata: { name, namespace, labels = {} }, spec }: Manifest) {
  const { type, properties, warnings = [] } = kinds[kind]?.(spec, labels) ?? { type: '', properties: {} };
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  const application = {
    apiVersion: 'core.oam.dev/v1beta1',
    kind: 'Application',
    metadata,
    spec: { components: [{ name, type, properties }] },
  };
  return {
    application,
    warnings: [...warnings, ...unread(kind, spec).map((field) => `spec.${field} is left out: there is no equivalent`)],
  };
}

function readManifests(text: string, filename: string): readonly Manifest[] {
  const documents = parseAllDocuments(text).filter((document) => document.contents !== null);
  if (documents.length === 0) throw new UsageError(`${filename} contains no manifest`);
  return documents.map((document, index) => {
    const [error] = document.errors;
    const where = `${filename}, document ${index + 1}`;
    if (error) throw new UsageError(`${where}: ${error.message}`);
    const { kind = 'nothing', metadata, spec } = document.toJS() as Partial<Manifest>;
    if (!Object.hasOwn(kinds, kind))
      throw new UsageError(`${where} is of kind ${kind}: it must be one of ${Object.keys(kinds).join(', ')}`);
    if (typeof metadata?.name !== 'string' || typeof spec !== 'object')
      throw new UsageError(`${where}: ${kind} needs metadata.name and spec`);
    return { kind, metadata, spec };
  });
}
