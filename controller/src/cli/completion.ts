/** Candidates at the cursor, derived from the commands themselves, so that there is no second list to maintain. */
import type { Command, Option } from 'commander';

/** Fixed words, or the names of objects in the cluster. */
export interface Candidates {
  readonly words: readonly string[];
  readonly names: readonly ('tasks' | 'runs')[];
}

const none: Candidates = { words: [], names: [] };

/** @param line the words after the program's name; the last one is the one that the cursor is in, and may be empty */
export function candidatesFor(program: Command, line: readonly string[]): Candidates {
  const current = line.at(-1) ?? '';
  const { command, positionals, awaited } = readLine(program, line.slice(0, -1));
  if (awaited) return { ...none, words: awaited.argChoices ?? [] };
  const options = command === program ? program.options : [...command.options, ...program.options];
  if (current.startsWith('-'))
    return { ...none, words: options.flatMap(({ short, long }) => [short, long]).filter((flag) => flag !== undefined) };
  if (command === program)
    return {
      ...none,
      words: program
        .createHelp()
        .visibleCommands(program)
        .map((one) => one.name()),
    };
  const argument = command.registeredArguments[positionals];
  if (argument === undefined) return none;
  const names = (['task', 'run'] as const)
    .filter((kind) => argument.name().split('|').includes(kind))
    .map((kind) => `${kind}s` as const);
  return { words: argument.argChoices ?? [], names };
}

interface Line {
  readonly command: Command;
  /** How many arguments there are so far. */
  readonly positionals: number;
  /** The option whose value is expected next. */
  readonly awaited: Option | undefined;
}

function readLine(program: Command, words: readonly string[]): Line {
  let line: Line = { command: program, positionals: 0, awaited: undefined };
  for (const word of words) line = nextOf(program, line, word);
  return line;
}

function nextOf(program: Command, line: Line, word: string): Line {
  const { command, positionals, awaited } = line;
  if (awaited) return { ...line, awaited: undefined };
  if (word.startsWith('-')) {
    const option = [...command.options, ...program.options].find(({ short, long }) => word === short || word === long);
    return { ...line, awaited: option?.required === true ? option : undefined };
  }
  if (command !== program) return { ...line, positionals: positionals + 1 };
  return {
    ...line,
    command: program.commands.find((one) => one.name() === word || one.aliases().includes(word)) ?? program,
  };
}

/** The value of an option on an unfinished line. */
export function valueOn(line: readonly string[], ...flags: readonly string[]): string | undefined {
  for (const [index, word] of line.entries()) {
    if (flags.includes(word)) return line[index + 1];
    const flag = flags.find((one) => one.startsWith('--') && word.startsWith(`${one}=`));
    if (flag !== undefined) return word.slice(flag.length + 1);
  }
  return undefined;
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The script for each shell, which asks the program at every Tab. */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: `# source <(task-runs completion bash)
_task_runs() {
  local IFS=$'\\n'
  COMPREPLY=($(task-runs __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _task_runs task-runs
`,
  zsh: `#compdef task-runs
# source <(task-runs completion zsh)
_task_runs() {
  local -a candidates
  candidates=(\${(f)"$(task-runs __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a candidates
}
compdef _task_runs task-runs
`,
  fish: `# task-runs completion fish | source
complete -c task-runs -f -a '(task-runs __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
};
