/**
 * Where `$(item.KEY)`, `$(steps.NAME.outputs.OUTPUT)` and `$(node.name)` may stand: in what a step's containers run and
 * in the values of their variables. Anywhere else Kubernetes would get the text of the place.
 */
import type { Snapshot } from '../../resources/index.ts';
import { isFields } from '../lang/fields.ts';
import { memo } from '../lang/memo.ts';
import { placesIn } from './placeholders.ts';

/** Indexes of lists are left out. */
const taken = /^spec\.(containers|initContainers)\.(command|args|env\.value)$/;

/** How the name of each kind begins and is written, and what is in its place, in words. */
const kinds = [
  ['item.', /^item\./, "an item's value"],
  ['steps.', /^steps\.[^.]+\.outputs\../, "an earlier step's output"],
  ['node.name', /^node\.name$/, "the node's name"],
] as const;
type Kind = (typeof kinds)[number][0];

interface Misplaced {
  readonly kind: Kind;
  readonly message: string;
}

/**
 * What is wrong with where a run's places stand, in a sentence with the remedy; undefined where nothing is. What stands
 * for nothing in this run, as `$(item.KEY)` does in a run without items, is text like any other.
 */
export const placesProblem = memo((snapshot: Snapshot): string | undefined => {
  const { template, steps, items, matrix, nodes } = snapshot;
  if (steps) return problemOfSteps(snapshot);
  const kind = items || matrix ? 'item.' : nodes && 'node.name';
  return template && kind && find(misplaced(template), kind);
});

function problemOfSteps({ steps = [], globals }: Snapshot): string | undefined {
  const shared = globals && find(misplacedInGlobals(globals), 'steps.');
  if (shared !== undefined) return shared;
  const problems = steps.flatMap(({ name, template }) => {
    const message = template && find(misplaced(template), 'steps.');
    return message === undefined ? [] : [`step ${name}: ${message}`];
  });
  return problems[0];
}

function find(all: readonly Misplaced[], kind: Kind): string | undefined {
  return all.find((one) => one.kind === kind)?.message;
}

/** Remembered: steps may share a template. */
const misplaced = memo((template: object) => misplacedIn(template, ''));
const misplacedInGlobals = memo((globals: object) => misplacedIn(globals, 'globals'));

/** @param field the path without indexes of lists */
function misplacedIn(value: unknown, path: string, field = path): readonly Misplaced[] {
  if (typeof value === 'string') return taken.test(field) ? [] : inText(value, path);
  if (Array.isArray(value)) return value.flatMap((one, index) => misplacedIn(one, `${path}[${index}]`, field));
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([name, one]) => misplacedIn(one, joined(path, name), joined(field, name)));
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function inText(text: string, path: string): readonly Misplaced[] {
  return kinds.flatMap(([kind, form, what]) => {
    const name = placesIn(text, kind).find((one) => form.test(one));
    return name === undefined ? [] : [{ kind, message: `${path} says $(${name}), and ${remedy(path, name, what)}` }];
  });
}

function remedy(path: string, name: string, what: string): string {
  if (!path.startsWith('globals.'))
    return `${what} is filled in only in command, args and env of a container: write it there; a subPathExpr can name a variable of env that has it`;
  const [, step = ''] = name.split('.');
  return `every step has the globals, also those before ${step}: write it into cmd or env of the steps that come after ${step}`;
}
