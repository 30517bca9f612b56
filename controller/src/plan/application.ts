/** Reads Applications from a file, checks what KubeVela's webhook would check, and keeps the position of everything. */
import { LineCounter, type Document } from 'yaml';
import { messageOf } from '../domain/lang/words.ts';
import { fieldsOf, isFields, type Fields } from '../domain/lang/fields.ts';
import { documentsOf, unsendableIn } from './kubectl-yaml.ts';
import { shapeProblems } from './application-shape.ts';
import { shown } from './shown.ts';
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
  /** undefined if the file does not name one. */
  readonly namespace: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly components: readonly Component[];
  readonly steps: readonly WorkflowStep[];
  /** The text as written, to compare with another version. */
  readonly spec: Fields;
  readonly positions: Positions;
}

export interface ApplicationFile {
  readonly applications: readonly Application[];
  readonly problems: readonly Problem[];
  /** Sentences about what the plan leaves out. */
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
 * @param types our component types, to detect misspelt ones
 */
export function readApplications(text: string, file: string, types: readonly string[]): ApplicationFile {
  const lines = new LineCounter();
  const documents = documentsOf(text, { lineCounter: lines, prettyErrors: false }).filter(
    ({ contents, errors }) => contents !== null || errors.length > 0,
  );
  const nothing: Problem = { file, line: 1, column: 1, message: `the file has no Application: write ${example}` };
  if (documents.length > mostDocuments)
    return {
      applications: [],
      problems: [
        {
          ...nothing,
          message: `the file has ${documents.length} documents, and a plan takes at most ${mostDocuments}: split it`,
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
          message: `this is not valid YAML: ${message.replace(/\s*at line \d+.*$/s, '')}; fix it there`,
        };
      }),
    };
  }
  const unsendable = unsendableIn(document);
  if (unsendable) {
    const { line, col } = lines.linePos(unsendable.offset);
    return { problems: [{ file, line, column: col, message: unsendable.message }] };
  }
  const value = valueOf(document, positions);
  if ('message' in value) return { problems: [value] };
  const { apiVersion, kind } = value.fields;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    return { problems: [positions.problem([], `this is not an Application: write ${example}`)] };
  if (kind !== 'Application')
    return {
      problems: [],
      remark: `${file}:${positions.at([]).line}: the ${kind} ${nameOf(value.fields)} is not an Application, so it is not planned`,
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
    return isFields(fields) ? { fields } : positions.problem([], `this is not an Application: write ${example}`);
  } catch (error) {
    return positions.problem([], `this cannot be read: ${messageOf(error)}; use fewer aliases`);
  }
}

function readApplication({ metadata, spec }: Fields, positions: Positions, types: readonly string[]): ReadDocument {
  const meta = fieldsOf(metadata);
  const problems: Problem[] = [...nameProblem(meta['name'], ['metadata', 'name'], 'the Application', positions)];
  const { components, workflow } = fieldsOf(spec);
  problems.push(...shapeProblems(spec, positions));
  const steps = stepsOf(fieldsOf(workflow)['steps'], ['spec', 'workflow', 'steps']);
  // An Application may be a workflow alone.
  const least = steps.length > 0 ? 0 : 1;
  if (!Array.isArray(components) || components.length < least || components.length > mostComponents) {
    problems.push(
      positions.problem(
        ['spec', 'components'],
        `spec.components must be a list of 1 to ${mostComponents}: write the parts of the Application, such as {name: mytask, type: task, properties: {image: busybox}}`,
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
        positions.problem([...path, 'name'], `two components have the name ${name}: give each a name of its own`),
      ),
  );
  // Valid components are still planned, so that all problems are reported at once.
  const application: Application = {
    name: typeof meta['name'] === 'string' ? meta['name'] : '',
    namespace: typeof meta['namespace'] === 'string' ? meta['namespace'] : undefined,
    labels: textsOf(meta['labels']),
    annotations: textsOf(meta['annotations']),
    components: named,
    steps,
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
    return { problems: [positions.problem(path, 'a component must have name, type and properties: write them')] };
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
    positions.problem([...path, 'properties'], 'properties must be fields: write one per line, such as image: busybox'),
  ];
}

function nameProblem(name: unknown, path: Path, whose: string, positions: Positions): readonly Problem[] {
  if (name !== undefined && name !== null && typeof name !== 'string')
    return [positions.problem(path, `the name of ${whose} must be a string, not ${shown(name)}: write it in quotes`)];
  if (name === undefined || name === null || name === '')
    return [positions.problem(path, `${whose} has no name: write one, of lower case letters, digits and dashes`)];
  if (name.length > mostName)
    return [
      positions.problem(
        path,
        `the name ${name} has ${name.length} characters, and KubeVela writes it into a label, which has at most ${mostName}: choose a shorter one`,
      ),
    ];
  return nameForm.test(name)
    ? []
    : [
        positions.problem(
          path,
          `${name} is not a valid name: write lower case letters, digits and dashes, with a letter or digit at both ends`,
        ),
      ];
}

/** KubeVela's own types, so that they are not reported as misspelt types of ours. */
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
    : [positions.problem([...path, 'type'], `the component type ${type} does not exist: write type: ${meant}`)];
}

/** The steps in groups, too. */
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
    positions.problem(
      ['metadata', 'name'],
      `two Applications have the name ${name}: rename one, or plan them one by one`,
    ),
  );
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fieldsOf(value)).map(([key, text]) => [key, String(text)]));
}

function nameOf({ metadata }: Fields): string {
  const { name } = fieldsOf(metadata);
  return typeof name === 'string' ? name : 'without a name';
}
