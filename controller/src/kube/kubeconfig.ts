/**
 * Which kubeconfig applies, and what it says, as kubectl decides (client-go's tools/clientcmd). client-node reads a
 * list of files in another order, without `tokenFile` and without the groups of an impersonated user.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { parse } from 'yaml';
import type { Environment } from './proxy.ts';

/** Headers that may be there more than once, such as one for each group. */
export type Headers = Readonly<Record<string, string | string[]>>;

/** What client-node knows of a kubeconfig, and what it leaves out. */
export interface LoadedKubeconfig {
  readonly config: KubeConfig;
  /** Whom the current user acts as: kubectl's `--as-uid`, `--as-group` and `as-user-extra`, beside `--as`. */
  readonly impersonation: () => Headers;
}

/** @throws Error naming the file when it is missing, or is not a kubeconfig */
export function loadKubeconfig(path: string): LoadedKubeconfig {
  return naming(path, () => loaded(readKubeconfig(path)));
}

/**
 * The files of KUBECONFIG, else ~/.kube/config. As in kubectl, a file that is missing is left out, of two entries with
 * one name the first file's counts, and the first current-context.
 * @returns undefined when no file exists
 * @throws Error naming the file that is not a kubeconfig
 */
export function loadDefaultKubeconfig(environment: Environment): LoadedKubeconfig | undefined {
  const named = environment['KUBECONFIG']?.split(delimiter).filter((path) => path !== '') ?? [];
  const places = named.length > 0 ? named : [join(homedir(), '.kube', 'config')];
  const found = places.filter((path) => existsSync(path));
  if (found.length === 0) return undefined;
  const files = found.map((path) => naming(path, () => readKubeconfig(path)));
  return naming(found.join(delimiter), () => loaded(merged(files)));
}

/** A kubeconfig is a file that people are sent: whatever is wrong with it is said together with its name. */
function naming<R>(path: string, load: () => R): R {
  try {
    return load();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the kubeconfig ${path} cannot be used: ${reason.slice(0, longestReason)}`, { cause: error });
  }
}

const longestReason = 500;
/** As many bytes as a Secret or a ConfigMap may have: a larger file is something else. */
const largestKubeconfig = 1_048_576;

type Fields = Readonly<Record<string, unknown>>;

interface Entry {
  readonly name: string;
  readonly fields: Fields;
}

/** The lists of a kubeconfig, and what they call the fields of an entry. */
const innerNames = { clusters: 'cluster', users: 'user', contexts: 'context' } as const;
type ListName = keyof typeof innerNames;

interface Kubeconfig extends Readonly<Record<ListName, readonly Entry[]>> {
  readonly currentContext: unknown;
}

function readKubeconfig(path: string): Kubeconfig {
  const written = readFileSync(path, 'utf8');
  if (written.length > largestKubeconfig) throw new Error('it has more than 1 MiB');
  const document: unknown = parse(written, { logLevel: 'error' });
  if (!isFields(document)) throw new Error('it must have clusters, users and contexts');
  const entries = (list: ListName) =>
    entriesOf(document[list], list).map(({ name, fields }) => ({ name, fields: withPaths(fields, dirname(path)) }));
  return {
    clusters: entries('clusters'),
    users: entries('users'),
    contexts: entries('contexts'),
    currentContext: document['current-context'],
  };
}

/** @throws Error naming the field that has another form than a kubeconfig's, without its value: it may be a secret */
function entriesOf(written: unknown, list: ListName): Entry[] {
  const inner = innerNames[list];
  const all = written ?? [];
  if (!Array.isArray(all)) throw new Error(`${list} must be a list`);
  const seen = new Set<string>();
  return all.map((entry: unknown, index) => {
    const path = `${list}[${index}]`;
    if (!isFields(entry) || typeof entry['name'] !== 'string') throw new Error(`${path}.name must be a text`);
    const { name } = entry;
    if (seen.has(name)) throw new Error(`${path}.name must be another than that of an earlier entry`);
    seen.add(name);
    const fields = entry[inner] ?? {};
    if (!isFields(fields)) throw new Error(`${path}.${inner} must have fields`);
    checkFields(fields, `${path}.${inner}`);
    return { name, fields };
  });
}

function checkFields(fields: Fields, path: string): void {
  for (const [key, value] of Object.entries(fields)) {
    const form = forms.find(({ keys }) => keys.includes(key));
    if (form && value !== null && !form.has(value)) throw new Error(`${path}.${key} ${form.must}`);
  }
  const acting = ['as-uid', 'as-groups', 'as-user-extra'].find((key) => !isEmpty(fields[key]));
  if (acting !== undefined && isEmpty(fields['as'])) throw new Error(`${path}.${acting} needs ${path}.as beside it`);
}

/** What the values of some fields have to be. */
interface Form {
  readonly keys: readonly string[];
  readonly must: string;
  has(value: unknown): boolean;
}

const textFields = [
  ...['server', 'certificate-authority', 'certificate-authority-data', 'tls-server-name', 'proxy-url'],
  ...['token', 'tokenFile', 'username', 'password', 'client-certificate', 'client-certificate-data'],
  ...['client-key', 'client-key-data', 'cluster', 'user', 'namespace', 'as', 'as-uid'],
];

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');
const isTextLists = (value: unknown): value is Readonly<Record<string, string[]>> =>
  isFields(value) && Object.values(value).every(isTexts);
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

const forms: readonly Form[] = [
  { keys: textFields, must: 'must be a text', has: (value) => typeof value === 'string' },
  { keys: ['as-groups'], must: 'must be a list of texts', has: isTexts },
  { keys: ['as-user-extra'], must: 'must have lists of texts', has: isTextLists },
];

/** Paths begin at the kubeconfig's folder, and data that is written down goes before a file's. */
function withPaths(fields: Fields, folder: string): Fields {
  const absolute = (key: string): Fields => {
    const path = fields[key];
    if (typeof path !== 'string' || path === '') return {};
    return { [key]: isEmpty(fields[`${key}-data`]) ? resolve(folder, path) : undefined };
  };
  return {
    ...fields,
    ...absolute('certificate-authority'),
    ...absolute('client-certificate'),
    ...absolute('client-key'),
    ...absolute('tokenFile'),
    ...pluginIn(fields['exec'], folder),
  };
}

/** A plugin is looked up in PATH, unless it is named by a path. */
function pluginIn(exec: unknown, folder: string): Fields {
  if (!isFields(exec) || typeof exec['command'] !== 'string' || !exec['command'].includes(sep)) return {};
  return { exec: { ...exec, command: resolve(folder, exec['command']) } };
}

function merged(files: readonly Kubeconfig[]): Kubeconfig {
  const firsts = (list: ListName): Entry[] => {
    const byName = new Map<string, Entry>();
    for (const entry of files.flatMap((file) => file[list])) if (!byName.has(entry.name)) byName.set(entry.name, entry);
    return [...byName.values()];
  };
  return {
    clusters: firsts('clusters'),
    users: firsts('users'),
    contexts: firsts('contexts'),
    currentContext: files.map(({ currentContext }) => currentContext).find((context) => !isEmpty(context)),
  };
}

function loaded(kubeconfig: Kubeconfig): LoadedKubeconfig {
  const config = new KubeConfig();
  config.loadFromString(JSON.stringify(asWritten(kubeconfig)));
  const fieldsByUser = new Map(kubeconfig.users.map(({ name, fields }) => [name, fields]));
  config.users = config.users.map((user) => withTokenFile(user, fieldsByUser.get(user.name)?.['tokenFile']));
  return {
    config,
    impersonation: () => impersonationOf(fieldsByUser.get(config.getCurrentUser()?.name ?? '') ?? {}),
  };
}

function asWritten({ currentContext, ...lists }: Kubeconfig): Fields {
  const written = (list: ListName) => lists[list].map(({ name, fields }) => ({ name, [innerNames[list]]: fields }));
  return {
    clusters: written('clusters'),
    users: written('users'),
    contexts: written('contexts'),
    'current-context': currentContext,
  };
}

/** client-node reads a file that rotates only in this form. It goes before a token and a plugin, as in kubectl. */
function withTokenFile(user: User, tokenFile: unknown): User {
  if (isEmpty(tokenFile)) return user;
  const { token: _token, ...others } = user;
  return { ...others, exec: undefined, authProvider: { name: 'tokenFile', config: { tokenFile } } };
}

/** client-node sends Impersonate-User itself. */
function impersonationOf(user: Fields): Headers {
  const headers: Record<string, string | string[]> = {};
  if (!isEmpty(user['as-uid'])) headers['Impersonate-Uid'] = String(user['as-uid']);
  if (isTexts(user['as-groups'])) headers['Impersonate-Group'] = user['as-groups'];
  const extra = isTextLists(user['as-user-extra']) ? user['as-user-extra'] : {};
  for (const [key, values] of Object.entries(extra)) headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = values;
  return headers;
}
