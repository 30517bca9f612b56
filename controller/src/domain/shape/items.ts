/**
 * items and matrix: a Job for each item, all of one template. Each is seen as a step that depends on nothing.
 */
import { memo } from '../lang/memo.ts';
import type { Snapshot } from '../../resources/index.ts';
import { roundedNumber, writeAsText } from '../lang/rounded-number.ts';
import type { FlowStep, Item } from '../model/flow.ts';
import { placesIn } from './placeholders.ts';
import { templateStep } from './template-step.ts';
/** As many as a run may have steps. */
const most = 1_000;
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** As the Job of a further attempt ends. */
const attempt = /-r\d+$/;

/** @returns the steps of a run, written or one for each item; undefined for a run of one Job */
export function stepsOf(snapshot: Snapshot | undefined): readonly FlowStep[] | undefined {
  if (!snapshot || snapshot.steps || !(snapshot.items || snapshot.matrix))
    return snapshot?.steps as readonly FlowStep[] | undefined;
  return itemSteps(snapshot);
}

/** Remembered: the flow of these steps is arranged once for this very list. */
const itemSteps = memo((snapshot: Snapshot): readonly FlowStep[] =>
  itemsOf(snapshot).map((item, index) => itemStep(item, index, snapshot)),
);

/** What is wrong with the items, in a sentence with the remedy; undefined where nothing is. */
export function itemsProblem(snapshot: Snapshot | undefined): string | undefined {
  return snapshot?.items || snapshot?.matrix ? problemOf(snapshot) : undefined;
}

/** Remembered: each decision asks, and compares up to a thousand names. */
const problemOf = memo((snapshot: Snapshot): string | undefined => {
  const count = snapshot.items?.length ?? combinations(snapshot.matrix as Matrix);
  if (count > most)
    return `the matrix makes ${count} items, and a run has ${most} at most: take values out, or split it into several tasks`;
  const names = itemsOf(snapshot).map((item, index) => nameOf(item, index, snapshot));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `two items are called ${twice}: give each a name of its own, or none`;
  return roundedValue(snapshot) ?? missingValue(snapshot);
});

function roundedValue(snapshot: Snapshot): string | undefined {
  for (const [index, item] of itemsOf(snapshot).entries()) {
    const path = roundedNumber(item);
    if (path !== undefined) return `${path} of item ${nameOf(item, index, snapshot)} is ${writeAsText}`;
  }
  return undefined;
}

/** What stands for `$(item.os)`: the item's value, a string as it is, anything else as JSON. */
export function itemValue(name: string, item: Item): string | undefined {
  const [, key] = /^item\.(.+)$/s.exec(name) ?? [];
  return key !== undefined && Object.hasOwn(item, key) ? textOf(item[key]) : undefined;
}

type Matrix = Readonly<Record<string, readonly unknown[]>>;

function combinations(matrix: Matrix): number {
  return Object.values(matrix).reduce((count, values) => count * values.length, 1);
}

function itemsOf({ items, matrix }: Snapshot): readonly Item[] {
  if (items) return items;
  if (!matrix || combinations(matrix) > most) return [];
  const start: readonly Item[] = [{}];
  return Object.entries(matrix as Matrix).reduce(
    (made, [key, values]) => made.flatMap((item) => values.map((value) => ({ ...item, [key]: value }))),
    start,
  );
}

function itemStep(item: Item, index: number, snapshot: Snapshot): FlowStep {
  return { ...templateStep(nameOf(item, index, snapshot), snapshot), item };
}

/** The values of a matrix make the name, where they can. */
function nameOf(item: Item, index: number, { matrix }: Snapshot): string {
  const name = matrix ? Object.values(item).map(textOf).join('-') : item['name'];
  return typeof name === 'string' && label.test(name) && !attempt.test(name) ? name : `item-${index}`;
}

/** A value that the template names and an item lacks would stay as text in what runs. */
function missingValue(snapshot: Snapshot): string | undefined {
  const places = placesIn(JSON.stringify(snapshot.template ?? {}), 'item.');
  const keys = [...new Set(places.map((name) => name.slice('item.'.length)))];
  for (const [index, item] of itemsOf(snapshot).entries()) {
    const missing = keys.find((key) => !Object.hasOwn(item, key));
    if (missing !== undefined)
      return `item ${nameOf(item, index, snapshot)} has no value ${missing}, which $(item.${missing}) asks for: it has ${Object.keys(item).join(', ')}`;
  }
  return undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
