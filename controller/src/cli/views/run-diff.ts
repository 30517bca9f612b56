/** How two runs differ. */
import { stringify } from 'yaml';
import type { RunDetail } from '../../api/schemas.ts';
import type { Paint } from '../style.ts';
import { printable } from '../text.ts';
import { durationText, triggerText } from './history-rows.ts';

/** `-` marks lines of the older run only, `+` lines of the newer run only; a section without differences says so. */
export function renderDiff(before: RunDetail, after: RunDetail, paint: Paint): string {
  const head = `${paint('red', `- ${before.name}`)}\n${paint('green', `+ ${after.name}`)}\n`;
  const sections = [
    ['How it went', courseOf(before), courseOf(after)],
    ['What ran', before.snapshot ?? {}, after.snapshot ?? {}],
    ['Overrides', before.overrides ?? {}, after.overrides ?? {}],
    ['Outputs', before.outputs ?? {}, after.outputs ?? {}],
  ] as const;
  return `${head}${sections.map(([title, one, other]) => section(title, linesOf(one), linesOf(other), paint)).join('')}`;
}

function courseOf(run: RunDetail): object {
  const { phase, reason, message, exitCode, attempts, durationSeconds, delaySeconds, waitedSeconds, jobs } = run;
  return {
    trigger: triggerText(run),
    phase,
    reason,
    message,
    exitCode,
    attempts,
    duration: durationText(durationSeconds),
    late: delaySeconds === undefined ? undefined : durationText(delaySeconds),
    waited: waitedSeconds === undefined ? undefined : durationText(waitedSeconds),
    steps: jobs.some(({ step }) => step !== undefined)
      ? Object.fromEntries(
          jobs.map(({ step = '', phase: stepPhase = '', duration = '' }) => [step, `${stepPhase} ${duration}`.trim()]),
        )
      : undefined,
  };
}

function section(title: string, before: readonly string[], after: readonly string[], paint: Paint): string {
  const changes = compareLines(before, after);
  if (changes.length === 0) return `\n${paint('bold', title)}: the same\n`;
  const lines = changes
    .slice(0, mostChanges)
    .map(({ sign, text }) => paint(sign === '-' ? 'red' : 'green', `${sign} ${printable(text)}`));
  if (changes.length > mostChanges) lines.push(`and ${changes.length - mostChanges} more`);
  return `\n${paint('bold', title)}\n${lines.join('\n')}\n`;
}

/** As many as anybody reads. All lines are compared: the API server bounds the size of a run. */
const mostChanges = 2_000;

/** Each value with its full path, so that a single line says where it is. */
function linesOf(value: object): readonly string[] {
  return flatten(JSON.parse(JSON.stringify(value)) as unknown, '');
}

function flatten(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${stringify(value).trim()}`];
  const named = Array.isArray(value)
    ? value.map((item, index) => [nameOf(item, index), item] as const)
    : Object.entries(value).map(([name, item]) => [path === '' ? name : `.${name}`, item] as const);
  // An empty list differs from a missing one.
  if (named.length === 0 && path !== '') return [`${path}: ${Array.isArray(value) ? '[]' : '{}'}`];
  return named.flatMap(([name, item]) => flatten(item, `${path}${name}`));
}

/** Entries with names are matched by name: an entry inserted before the others does not make all of them different. */
function nameOf(item: unknown, index: number): string {
  const name = typeof item === 'object' && item !== null && 'name' in item ? item.name : undefined;
  return typeof name === 'string' ? `[${name}]` : `[${index}]`;
}

interface Change {
  readonly sign: '-' | '+';
  readonly text: string;
}

/** The lines of one side only; sorted by path, so that values with the same path stand together. */
function compareLines(before: readonly string[], after: readonly string[]): readonly Change[] {
  const [old, young] = [new Set(before), new Set(after)];
  const gone = before.filter((text) => !young.has(text)).map((text): Change => ({ sign: '-', text }));
  const come = after.filter((text) => !old.has(text)).map((text): Change => ({ sign: '+', text }));
  const pathOf = ({ text }: Change): string => text.slice(0, text.indexOf(': '));
  return [...gone, ...come].sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : pathOf(a) > pathOf(b) ? 1 : 0));
}
