import { Argument, Command } from 'commander';
import { taskRuns, tasks } from '../../cluster/resource-types.ts';
import { candidatesFor, scripts, shells, valueOn, type Candidates, type Shell } from '../completion.ts';
import { exitCodes } from '../errors.ts';
import type { Io } from '../io.ts';
import type { ResourceType } from '../../kube/objects.ts';
import { listAll } from '../../kube/list-all.ts';
import { openSession, type StartOffline } from '../session.ts';

export function completionCommand(start: StartOffline): Command {
  return new Command('completion')
    .description(
      'print a script that makes the shell complete commands, options and names: source <(task-runs completion bash)',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: Shell) =>
      start(async ({ out }) => {
        await out.write(scripts[shell]);
        return exitCodes.ok;
      }),
    );
}

/** Called by those scripts. On any error it prints nothing: the shell would show it as a candidate. */
export function completeCommand(start: StartOffline, program: string): Command {
  return new Command('__complete')
    .argument('[words...]')
    .action((words: readonly string[], _options, command: Command) =>
      start((io) => complete(io, program, words, candidatesFor(command.parent ?? command, words))),
    );
}

async function complete(io: Io, program: string, words: readonly string[], candidates: Candidates): Promise<number> {
  const names = await namesOf(candidates, words, io, program).catch(() => []);
  const current = words.at(-1) ?? '';
  const fitting = [...candidates.words, ...names].filter((word) => word.startsWith(current));
  await io.out.write(fitting.map((word) => `${word}\n`).join(''));
  return exitCodes.ok;
}

async function namesOf({ names }: Candidates, words: readonly string[], io: Io, program: string): Promise<string[]> {
  if (names.length === 0) return [];
  const [kubeconfig, context, given] = [
    valueOn(words, '--kubeconfig'),
    valueOn(words, '--context'),
    valueOn(words, '-n', '--namespace'),
  ];
  const { client, namespace } = await openSession(io, program, {
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
    ...(given !== undefined && { namespace: given }),
  });
  try {
    const types: Record<(typeof names)[number], ResourceType> = { tasks, runs: taskRuns };
    const found = await Promise.all(names.map((kind) => listAll(client, types[kind], { namespace })));
    return found.flat().map(({ metadata }) => metadata.name);
  } finally {
    await client.close();
  }
}
