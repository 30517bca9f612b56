import { Argument, Command } from 'commander';
import { taskRuns, tasks } from '../../cluster/resource-types.ts';
import { candidatesFor, scripts, shells, valueOn, type Candidates, type Shell } from '../completion.ts';
import { everything } from '../find.ts';
import type { Io } from '../io.ts';
import type { ResourceType } from '../../kube/objects.ts';
import { openSession } from '../session.ts';

export function completionCommand({ out }: Io): Command {
  return new Command('completion')
    .description(
      'a script that makes the shell complete commands, options and names: source <(task-runs completion bash)',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: Shell) => out.write(scripts[shell]));
}

/** What those scripts call. Whatever goes wrong, a shell wants no words about it. */
export function completeCommand(io: Io, name: string): Command {
  return new Command('__complete')
    .argument('[words...]')
    .action(async (words: readonly string[], _options, command: Command) => {
      const candidates = candidatesFor(command.parent ?? command, words);
      const all = [...candidates.words, ...(await namesOf(candidates, words, io, name).catch(() => []))];
      const current = words.at(-1) ?? '';
      await io.out.write(
        all
          .filter((word) => word.startsWith(current))
          .map((word) => `${word}\n`)
          .join(''),
      );
    });
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
    const found = await Promise.all(names.map((kind) => everything(client, types[kind], namespace)));
    return found.flat().map(({ metadata }) => metadata.name);
  } finally {
    await client.close();
  }
}
