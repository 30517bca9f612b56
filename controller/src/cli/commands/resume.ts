import { Command } from 'commander';
import { taskRuns } from '../../cluster/resource-types.ts';
import { isFinished } from '../../domain/model/phase.ts';
import { taskArgument } from '../arguments.ts';
import { CliError, exitCodes } from '../errors.ts';
import { findRunOrTask } from '../find.ts';
import type { Session, Start } from '../session.ts';
import { setSuspend } from '../suspension.ts';

export function resumeCommand(start: Start): Command {
  return new Command('resume')
    .description(
      'let the runs of a suspended task start again, or continue a run that paused after a failure (failurePolicy Pause)',
    )
    .argument(
      '<task|run>',
      "a Task's name, its component's, or <application>/<component>; or a TaskRun's",
      taskArgument,
    )
    .action((name: string, _options, command: Command) => start(command, (session) => resume(session, name)));
}

export async function resume(session: Session, text: string): Promise<number> {
  const found = await findRunOrTask(session, text);
  if ('task' in found) return setSuspend(session, text, false);
  const { client, io, namespace } = session;
  const { metadata, status } = found.run;
  if (isFinished(status?.phase))
    throw new CliError(
      `run ${metadata.name} has already ended (${status?.phase ?? ''}): \`${session.program} retry ${metadata.name}\` retries it`,
    );
  await client.patch(
    taskRuns,
    { namespace, name: metadata.name },
    { spec: { resume: true } },
    { fieldManager: 'task-runs-cli' },
  );
  await io.out.write(`run ${metadata.name} continues\n`);
  return exitCodes.ok;
}
