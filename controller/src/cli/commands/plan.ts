import { Command, Option } from 'commander';
import { countArgument } from '../arguments.ts';
import { outputOption } from '../output.ts';
import type { LoadParts } from '../plan/parts.ts';
import type { PlanOptions } from '../plan/work.ts';
import type { Start, StartOffline } from '../session.ts';

const exitCodesHelp = `
Exit codes: 0 the plan is valid, 1 something is wrong with the Application, 2 wrong usage;
with --detailed-exitcode: 3 the plan is valid, and at least one run would start.
The only trait that is evaluated is task-queue. What the API server's admission adds to or refuses in other resources is not predicted.`;

export function planCommand(start: Start, startOffline: StartOffline, loadParts: LoadParts): Command {
  return new Command('plan')
    .description(
      'show what deploying an Application would do: which runs and Jobs start, wait or are deleted, and when the schedule is due next; changes nothing',
    )
    .requiredOption('-f, --filename <file>', 'the Applications, as YAML or JSON; - for standard input')
    .option(
      '--against <file>',
      'plan the change from the Applications in this file, as if they were deployed and had succeeded',
    )
    .addOption(new Option('--live', 'plan the change from what the cluster has').conflicts('against'))
    .option(
      '--revision <number>',
      'the number of the new revision; the one after the latest when left out',
      countArgument,
    )
    .option('--detailed-exitcode', 'exit with 3 if at least one run would start')
    .addOption(outputOption())
    .addHelpText('after', exitCodesHelp)
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<PlanOptions>();
      // Loaded only here, so that the other commands start faster.
      const { planFromFiles, planFromCluster } = await import('../plan/work.ts');
      if (options.live === true)
        await start<PlanOptions>(command, (session) => planFromCluster(session, options, loadParts));
      else await startOffline((io) => planFromFiles(io, options, loadParts));
    });
}
