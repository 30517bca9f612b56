/**
 * Applications as a file has them: read, checked as far as KubeVela's webhook would, and with the place of everything.
 */
import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import { messageOf } from '../domain/lang/words.ts';
import { fieldsOf, isFields, type Fields } from '../vela/fields.ts';
import { nearest } from './spelling.ts';
import { Positions, type Path, type Problem } from './positions.ts';

export interface Component {
  readonly name: string;
  readonly type: string;
  readonly properties: Fields;
  readonly traits: readonly unknown[];
  readonly path: Path;
}

export interface WorkflowStep {
  readonly name: string;
  readonly type: string;
  readonly properties: Fields;
  readonly path: Path;
}

export interface Application {
  readonly name: string;
  /** undefined where the file says none. */
  readonly namespace: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly components: readonly Component[];
  readonly steps: readonly WorkflowStep[];
  /** As written, to compare with another version. */
  readonly spec: Fields;
  readonly positions: Positions;
}

export interface ApplicationFile {
  readonly applications: readonly Application[];
  readonly problems: readonly Problem[];
  /** What is left out of the plan, in sentences. */
  readonly remarks: readonly string[];
}

const mostDocuments = 1_000;
const mostComponents = 1_000;
/** KubeVela writes the names into labels. */
const mostName = 63;
const nameForm = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const example = 'apiVersion: core.oam.dev/v1beta1, kind: Application, metadata.name and spec.components';

/**
 * Reads all documents of a YAML or JSON text.
 * @param file its name, for problems
 * @param types the component types that are ours, to notice misspelt ones
 */
export function readApplications(text: string, file: string, types: readonly string[]): ApplicationFile {
  const lines = new LineCounter();
  const documents: Document.Parsed[] = [
    ...parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false }),
  ].filter(({ contents, errors }) => contents !== null || errors.length > 0);
  const nothing: Problem = { file, line: 1, column: 1, message: `there is no Application in it: write ${example}` };
  if (documents.length > mostDocuments)
    return {
      applications: [],
      problems: [
        {
          ...nothing,
          message: `it has ${documents.length} documents, and a plan takes ${mostDocuments} at most: split it`,
        },
      ],
      remarks: [],
    };
  const read = documents.map((document) =>
    readDocument(document, new Positions(file, document, lines), file, lines, types),
  );
  const applications = read.flatMap(({ application }) => application ?? []);
  const problems = read.flatMap((one) => one.problems);
  const isEmpty = applications.length === 0 && problems.length === 0;
  return {
    applications,
    problems: isEmpty ? [nothing] : [...problems, ...twice(applications)],
    remarks: read.flatMap(({ remark }) => remark ?? []),
  };
}

interface ReadDocument {
  readonly application?: Application;
  readonly problems: readonly Problem[];
  readonly remark?: string;
}

function readDocument(
  document: Document.Parsed,
  positions: Positions,
  file: string,
  lines: LineCounter,
  types: readonly string[],
): ReadDocument {
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map(({ pos: [offset], message }) => {
        const { line, col } = lines.linePos(offset);
        return {
          file,
          line,
          column: col,
          message: `this is no YAML: ${message.replace(/\s*at line \d+.*$/s, '')}; mend it there`,
        };
      }),
    };
  }
  const value = valueOf(document, positions);
  if ('message' in value) return { problems: [value] };
  const { apiVersion, kind } = value.fields;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    return { problems: [positions.problem([], `this is no Application: write ${example}`)] };
  if (kind !== 'Application')
    return {
      problems: [],
      remark: `${file}:${positions.at([]).line}: the ${kind} ${nameOf(value.fields)} is no Application, and not planned`,
    };
  if (!apiVersion.startsWith('core.oam.dev/'))
    return {
      problems: [
        positions.problem(
          ['apiVersion'],
          `this Application is of ${apiVersion}: write apiVersion: core.oam.dev/v1beta1`,
        ),
      ],
    };
  return readApplication(value.fields, positions, types);
}

function valueOf(document: Document.Parsed, positions: Positions): { readonly fields: Fields } | Problem {
  try {
    const fields: unknown = document.toJS();
    return isFields(fields) ? { fields } : positions.problem([], `this is no Application: write ${example}`);
  } catch (error) {
    return positions.problem([], `this cannot be read: ${messageOf(error)}; write it without so many aliases`);
  }
}

function readApplication({ metadata, spec }: Fields, positions: Positions, types: readonly string[]): ReadDocument {
  const meta = fieldsOf(metadata);
  const problems: Problem[] = [...nameProblem(meta['name'], ['metadata', 'name'], 'the Application', positions)];
  const { components, workflow } = fieldsOf(spec);
  if (!Array.isArray(components) || components.length === 0 || components.length > mostComponents) {
    problems.push(
      positions.problem(
        ['spec', 'components'],
        `spec.components has to be a list of 1 to ${mostComponents}: write what the Application consists of, such as {name: mytask, type: task, properties: {image: busybox}}`,
      ),
    );
    return { problems };
  }
  const read = components.map((one: unknown, index) =>
    readComponent(one, ['spec', 'components', index], positions, types),
  );
  problems.push(...read.flatMap((one) => one.problems));
  const named = read.flatMap(({ component }) => component ?? []);
  problems.push(
    ...named
      .filter(({ name }, index) => named.findIndex((other) => other.name === name) < index)
      .map(({ name, path }) =>
        positions.problem([...path, 'name'], `two components are called ${name}: give each a name of its own`),
      ),
  );
  // What is fine is planned, so that all that is wrong is told at once.
  const application: Application = {
    name: typeof meta['name'] === 'string' ? meta['name'] : '',
    namespace: typeof meta['namespace'] === 'string' ? meta['namespace'] : undefined,
    labels: textsOf(meta['labels']),
    annotations: textsOf(meta['annotations']),
    components: named,
    steps: stepsOf(fieldsOf(workflow)['steps'], ['spec', 'workflow', 'steps']),
    spec: fieldsOf(spec),
    positions,
  };
  return { application, problems };
}

function readComponent(
  value: unknown,
  path: Path,
  positions: Positions,
  types: readonly string[],
): { readonly component?: Component; readonly problems: readonly Problem[] } {
  if (!isFields(value))
    return { problems: [positions.problem(path, 'a component has name, type and properties: write them')] };
  const { name, type, properties, traits } = value;
  const problems = [
    ...nameProblem(name, [...path, 'name'], 'a component', positions),
    ...typeProblem(type, path, positions, types),
    ...propertiesProblem(properties, path, positions),
  ];
  if (problems.length > 0) return { problems };
  return {
    component: {
      name: String(name),
      type: String(type),
      properties: fieldsOf(properties),
      traits: Array.isArray(traits) ? traits : [],
      path,
    },
    problems,
  };
}

function propertiesProblem(properties: unknown, path: Path, positions: Positions): readonly Problem[] {
  if (properties === undefined || properties === null || isFields(properties)) return [];
  return [
    positions.problem(
      [...path, 'properties'],
      'properties have to be fields: write them one a line, such as image: busybox',
    ),
  ];
}

function nameProblem(name: unknown, path: Path, whose: string, positions: Positions): readonly Problem[] {
  if (typeof name !== 'string' || name === '')
    return [positions.problem(path, `${whose} has no name: write one, of lower case letters, digits and dashes`)];
  if (name.length > mostName)
    return [
      positions.problem(
        path,
        `the name ${name} has ${name.length} characters, and KubeVela puts it into a label, which ends at ${mostName}: choose a shorter one`,
      ),
    ];
  return nameForm.test(name)
    ? []
    : [
        positions.problem(
          path,
          `${name} is no name: write lower case letters, digits and dashes, a letter or digit at both ends`,
        ),
      ];
}

/** What KubeVela has of its own, lest it is taken for a misspelt one of ours. */
const velaTypes = [
  'task',
  'cron-task',
  'webservice',
  'worker',
  'daemon',
  'k8s-objects',
  'helm',
  'kustomize',
  'ref-objects',
  'raw',
  'statefulset',
];

function typeProblem(type: unknown, path: Path, positions: Positions, types: readonly string[]): readonly Problem[] {
  if (typeof type !== 'string' || type === '')
    return [positions.problem(path, `a component has no type: write one, such as type: ${types[0] ?? 'task'}`)];
  if (types.includes(type) || velaTypes.includes(type)) return [];
  const meant = nearest(type, types);
  return meant === undefined
    ? []
    : [positions.problem([...path, 'type'], `there is no component type ${type}: write type: ${meant}`)];
}

/** Those of groups, too. */
function stepsOf(value: unknown, path: Path): readonly WorkflowStep[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, mostComponents).flatMap((one: unknown, index): readonly WorkflowStep[] => {
    const { name, type, properties, subSteps } = fieldsOf(one);
    const at = [...path, index];
    const own = {
      name: typeof name === 'string' ? name : `step ${index + 1}`,
      type: typeof type === 'string' ? type : '',
      properties: fieldsOf(properties),
      path: at,
    };
    return [own, ...(path.includes('subSteps') ? [] : stepsOf(subSteps, [...at, 'subSteps']))];
  });
}

function twice(applications: readonly Application[]): readonly Problem[] {
  const key = ({ namespace = '', name }: Application) => `${namespace}/${name}`;
  const again = applications.filter((one, index) => applications.findIndex((other) => key(other) === key(one)) < index);
  return again.map(({ name, positions }) =>
    positions.problem(['metadata', 'name'], `two Applications are called ${name}: rename one, or plan them one by one`),
  );
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fieldsOf(value)).map(([key, text]) => [key, String(text)]));
}

function nameOf({ metadata }: Fields): string {
  const { name } = fieldsOf(metadata);
  return typeof name === 'string' ? name : 'without a name';
}
