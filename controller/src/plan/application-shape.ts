/**
 * The fields around our components, of which KubeVela's API server knows the kinds: a value of another kind, or a field
 * that it does not have, is refused there. Names, types and properties of components are checked elsewhere.
 */
import type { Positions, Path, Problem } from './positions.ts';
import { wrongKind, type Kind } from './remedies.ts';
import { shown } from './shown.ts';
import { nearest } from './spelling.ts';
import { fieldsOf, isFields, type Fields } from '../domain/lang/fields.ts';

/** A kind of value, what its fields are, or what each of its elements is. */
type Shape = Kind | Shapes | readonly [Shape];

interface Shapes {
  readonly [name: string]: Shape;
}

const reads = { from: 'string', parameterKey: 'string' } as const;
const gives = { name: 'string', valueFrom: 'string' } as const;

const step: Shapes = {
  name: 'string',
  type: 'string',
  if: 'string',
  timeout: 'string',
  mode: 'string',
  meta: 'fields',
  properties: 'fields',
  dependsOn: ['string'],
  inputs: [reads],
  outputs: [gives],
};

/** What application.ts says itself of a component is left to it. */
const component: Shapes = {
  externalRevision: 'string',
  dependsOn: ['string'],
  inputs: [reads],
  outputs: [gives],
  traits: [{ type: 'string', properties: 'fields' }],
  scopes: 'fields',
};

const policies: Shape = [{ name: 'string', type: 'string', properties: 'fields' }];
const workflow: Shapes = {
  ref: 'string',
  mode: { steps: 'string', subSteps: 'string' },
  steps: [{ ...step, subSteps: [step] }],
};

const saidElsewhere: Shapes = { name: 'string', type: 'string', properties: 'fields' };

/** A sentence for each value of the wrong kind, and for each field that is not there, below `spec`. */
export function shapeProblems(spec: unknown, positions: Positions): readonly Problem[] {
  if (!isFields(spec)) return [];
  const { components, policies: given, workflow: flow } = spec;
  const [componentsAt, workflowAt] = [['spec', 'components'] as const, ['spec', 'workflow'] as const];
  const [steps, stepsAt] = [fieldsOf(flow)['steps'], [...workflowAt, 'steps']];
  return [
    ...(Array.isArray(components) ? components : []).flatMap((one: unknown, index) =>
      isFields(one)
        ? ofFields(without(one, saidElsewhere), component, [...componentsAt, index], positions, saidElsewhere)
        : [],
    ),
    ...ofField(given, policies, ['spec', 'policies'], positions),
    ...ofField(flow, workflow, workflowAt, positions),
    ...ofSteps(steps, stepsAt, positions),
    ...ofDependencies(components, 'component', componentsAt, positions),
    ...ofDependencies(steps, 'step', stepsAt, positions),
  ];
}

/** What waits for something that there is not: KubeVela waits for ever. Steps of a group may wait for any step. */
function ofDependencies(value: unknown, what: string, path: Path, positions: Positions): readonly Problem[] {
  const all = elementsOf(value, path).flatMap((one) => [
    one,
    ...elementsOf(one.fields['subSteps'], [...one.path, 'subSteps']),
  ]);
  const names = all.flatMap(({ fields: { name } }) => (typeof name === 'string' ? [name] : []));
  return all.flatMap(({ fields: { dependsOn }, path: at }) =>
    (Array.isArray(dependsOn) ? dependsOn : []).flatMap((name: unknown, index) => {
      if (typeof name !== 'string' || names.includes(name)) return [];
      const near = nearest(name, names);
      const remedy = near === undefined ? `write the name of another ${what}, or leave it out` : `write ${near}`;
      return [positions.problem([...at, 'dependsOn', index], `there is no ${what} ${shown(name)}: ${remedy}`)];
    }),
  );
}

function elementsOf(value: unknown, path: Path): readonly { readonly fields: Fields; readonly path: Path }[] {
  return (Array.isArray(value) ? value : []).map((one: unknown, index) => ({
    fields: fieldsOf(one),
    path: [...path, index],
  }));
}

/** As Go reads a duration. */
const duration = /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** What KubeVela's webhook says of steps, and of those of a group. */
function ofSteps(value: unknown, path: Path, positions: Positions): readonly Problem[] {
  if (!Array.isArray(value)) return [];
  const steps = value.map((one: unknown) => fieldsOf(one));
  return steps.flatMap(({ name, timeout, subSteps }, index) => {
    const at = [...path, index];
    const isTwice = typeof name === 'string' && steps.findIndex((other) => other['name'] === name) < index;
    const isTime = typeof timeout !== 'string' || timeout === '' || duration.test(timeout);
    return [
      ...(isTwice
        ? [positions.problem([...at, 'name'], `two steps have the name ${name}: give each a name of its own`)]
        : []),
      ...(isTime
        ? []
        : [positions.problem([...at, 'timeout'], `timeout is ${shown(timeout)}: write 30s, 5m or 1h30m`)]),
      ...(path.includes('subSteps') ? [] : ofSteps(subSteps, [...at, 'subSteps'], positions)),
    ];
  });
}

function without(fields: Fields, names: Shapes): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !Object.hasOwn(names, name)));
}

function ofField(value: unknown, shape: Shape, path: Path, positions: Positions): readonly Problem[] {
  // The API server drops what is null.
  if (value === undefined || value === null) return [];
  const kind = kindOf(shape);
  if (!isOf(kind, value)) {
    return [positions.problem(path, `${path.slice(1).join('.')} ${wrongKind(kind, value, path.map(String))}`)];
  }
  if (typeof shape === 'string') return [];
  if (isList(shape))
    return (value as readonly unknown[]).flatMap((one, index) => ofField(one, shape[0], [...path, index], positions));
  return ofFields(value as Fields, shape, path, positions, {});
}

function ofFields(fields: Fields, shape: Shapes, path: Path, positions: Positions, more: Shapes): readonly Problem[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const its = Object.hasOwn(shape, name) ? shape[name] : undefined;
    return its === undefined
      ? [unknownField(name, [...Object.keys(more), ...Object.keys(shape)], [...path, name], positions)]
      : ofField(value, its, [...path, name], positions);
  });
}

function unknownField(name: string, known: readonly string[], path: Path, positions: Positions): Problem {
  const near = nearest(name, known) ?? formerly.get(name);
  const remedy = near === undefined ? `it has ${known.join(', ')}` : `write ${near}`;
  return positions.problem(path, `${path.slice(1).join('.')} is a field that KubeVela does not have there: ${remedy}`);
}

/** What a field was called in Applications of v1alpha2, or in the singular. */
const formerly: ReadonlyMap<string, string> = new Map([
  ['property', 'properties'],
  ['settings', 'properties'],
]);

function kindOf(shape: Shape): Kind {
  if (typeof shape === 'string') return shape;
  return isList(shape) ? 'list' : 'fields';
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function isOf(kind: Kind, value: unknown): boolean {
  if (kind === 'list') return Array.isArray(value);
  return kind === 'fields' ? isFields(value) : typeof value === kind;
}
