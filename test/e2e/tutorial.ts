/** The tutorials of docs/tutorials as programs: their shell blocks, and what the page says that they print. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

export interface Block {
  /** The page's line on which the block's code begins. */
  readonly line: number;
  readonly code: string;
  /** The page's own words for why the tests do not run it. */
  readonly notRun: string | undefined;
  /** The lines of the `text` block that follows. */
  readonly prints: readonly string[];
}

interface Fence {
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
  /** The paragraph right before it. */
  readonly before: string;
}

/** @param name such as `first-task` */
export async function fencesOf(name: string): Promise<readonly Fence[]> {
  const text = await readFile(`${repository}docs/tutorials/${name}.md`, 'utf8');
  const found: Fence[] = [];
  for (const match of text.matchAll(/(?:^(.+)\n\n)?^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [whole, before = '', language = '', body = ''] = match;
    const start = match.index + whole.indexOf('```');
    found.push({
      line: text.slice(0, start).split('\n').length + 1,
      language,
      lines: body.trimEnd().split('\n'),
      before,
    });
  }
  return found;
}

/** The shell blocks among them, each with the output that the page shows after it. */
export function blocksOf(fences: readonly Fence[]): readonly Block[] {
  return fences.flatMap(({ language, line, lines, before }, index): Block[] => {
    if (language !== 'shell') return [];
    const next = fences[index + 1];
    return [
      {
        line,
        code: lines.join('\n'),
        notRun: /^\*Not run by the tests: (.+)\.\*$/.exec(before)?.[1],
        prints: next?.language === 'text' ? next.lines : [],
      },
    ];
  });
}

const beginOf = (line: number): string => `@@@ line ${line}`;

/**
 * Runs blocks one after the other in one shell, as a reader does.
 * @returns what each printed, by its line
 * @throws Error with all that was printed, and the block that failed
 */
export function runBlocks(
  blocks: readonly Block[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<ReadonlyMap<number, string>> {
  const script = blocks.map(({ line, code }) => `echo '${beginOf(line)}'\n${code}`).join('\n');
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['-c', `set -euo pipefail; exec 2>&1\n${script}\n`],
      { ...options, maxBuffer: 16 * 1024 ** 2 },
      (error, stdout) => {
        if (error) reject(new Error(`a block failed, the last one here:\n${stdout}`));
        else resolve(outputs(stdout));
      },
    );
  });
}

function outputs(stdout: string): ReadonlyMap<number, string> {
  const parts = stdout.split(/^@@@ line (\d+)\n/m).slice(1);
  const found = new Map<number, string>();
  for (let index = 0; index + 1 < parts.length; index += 2) found.set(Number(parts[index]), parts[index + 1] ?? '');
  return found;
}

/**
 * The lines that a page shows and that no line of the output is like. Times and numbers may differ, and so may the room
 * between columns; `...` stands for anything.
 */
export function missingLines({ prints }: Block, output: string): readonly string[] {
  const lines = output.split('\n');
  return prints.filter((shown) => shown.trim() !== '' && !lines.some((line) => likeness(shown).test(line)));
}

function likeness(shown: string): RegExp {
  const pattern = shown
    .trim()
    .replaceAll(/[\\^$*+?.()|[\]{}]/g, String.raw`\$&`)
    .replaceAll(/(?:\d+[dhms])+\b/g, String.raw`(?:\d+[dhms])+`)
    .replaceAll(/(?<![\\\w(])\d+/g, String.raw`\d+`)
    .replaceAll(/\s+/g, String.raw`\s+`)
    .replaceAll(String.raw`\.\.\.`, '.*');
  return new RegExp(`^\\s*${pattern}\\s*$`);
}
