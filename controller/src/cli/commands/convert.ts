import { Command } from 'commander';
import type { LoadParts } from '../plan/parts.ts';
import type { StartOffline } from '../session.ts';

export function convertCommand(start: StartOffline, loadParts: LoadParts): Command {
  return new Command('convert')
    .description(
      'print the Application for manifests of Kubernetes, Argo Workflows, Tekton, Volcano or the JobFlow operator, and say what changes; no cluster is needed',
    )
    .requiredOption('-f, --filename <file>', 'the manifests, as YAML or JSON; - for standard input')
    .action(async ({ filename }: { filename: string }) => {
      // Loaded only here, so that the other commands start faster.
      const { convert } = await import('../convert/convert.ts');
      await start((io) => convert(io, filename, loadParts));
    });
}
