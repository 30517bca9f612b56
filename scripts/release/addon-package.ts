/**
 * The addon as a registry of KubeVela serves it: a package, which is a chart of Helm's that nobody installs as one
 * (`vela addon package` writes the same), and the index of a chart repository.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parse, stringify } from 'yaml';
import { tgz } from './tgz.ts';

interface Metadata {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly system: { readonly vela: string; readonly kubernetes: string };
}

/** Chart.yaml, as far as KubeVela reads it. */
interface Chart {
  readonly apiVersion: 'v2';
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
  readonly type: 'library';
  readonly description: string;
  readonly keywords: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

interface Entry extends Chart {
  /** Relative to the index, or whole addresses. */
  readonly urls: readonly string[];
  readonly digest: string;
  readonly created: string;
}

interface Index {
  readonly apiVersion: 'v1';
  readonly entries: Readonly<Record<string, readonly Entry[]>>;
  readonly generated: string;
}

export interface IndexOptions {
  readonly earlier?: string | undefined;
  readonly base?: string | undefined;
}

export interface AddonPackage {
  /** Such as `task-runs-0.1.0.tgz`. */
  readonly file: string;
  readonly content: Buffer;
  readonly chart: Chart;
}

/**
 * @param directory such as dist/task-runs
 * @param image the image that the addon takes unless its user names another one; left out: as it is written there
 */
export async function addonPackage(directory: string, image?: string): Promise<AddonPackage> {
  const metadata = parse(await readFile(join(directory, 'metadata.yaml'), 'utf8')) as Metadata;
  const chart = chartOf(metadata);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const files = await Promise.all(
    paths.map(async (path) => {
      const content = await readFile(path);
      const name = relative(directory, path);
      return {
        path: `${metadata.name}/${name}`,
        content: name === 'parameter.cue' ? withImage(content, image) : content,
      };
    }),
  );
  const chartFile = { path: `${metadata.name}/Chart.yaml`, content: Buffer.from(stringify(chart)) };
  return { file: `${metadata.name}-${metadata.version}.tgz`, content: await tgz([chartFile, ...files]), chart };
}

function withImage(parameters: Buffer, image: string | undefined): Buffer {
  if (image === undefined) return parameters;
  const text = parameters.toString();
  const field = /(?<=^\s*image: \*)"[^"]*"/m;
  if (!field.test(text)) throw new Error('parameter.cue has no line `image: *"..." | string` to write the image into.');
  return Buffer.from(text.replace(field, JSON.stringify(image)));
}

function chartOf({ name, version, description, tags, system }: Metadata): Chart {
  return {
    apiVersion: 'v2',
    name,
    version,
    appVersion: version,
    type: 'library',
    description,
    keywords: tags,
    annotations: { 'addon.name': name, 'system.vela': system.vela, 'system.kubernetes': system.kubernetes },
  };
}

/**
 * @param created ISO 8601
 * @param options.earlier the text of a registry's index, whose other versions stay in it
 * @param options.base the address of the folder that the package will be in; left out: that of the index
 * @throws Error when the earlier index offers this version with other contents, or is not an index
 */
export function indexOf(
  { file, content, chart }: AddonPackage,
  created: string,
  { earlier, base }: IndexOptions = {},
): string {
  const digest = createHash('sha256').update(content).digest('hex');
  const before = earlier === undefined ? {} : entriesOf(earlier);
  const versions = before[chart.name] ?? [];
  const same = versions.find(({ version }) => version === chart.version);
  if (same !== undefined && same.digest !== digest)
    throw new Error(
      `The index offers ${chart.name} ${chart.version} already, with other contents (${same.digest}): what was released never changes; set a new version in package.json.`,
    );
  const others = versions.filter((entry) => entry !== same);
  const url = base === undefined ? file : `${base.replace(/\/*$/, '/')}${file}`;
  const index: Index = {
    apiVersion: 'v1',
    entries: { ...before, [chart.name]: [same ?? { ...chart, urls: [url], digest, created }, ...others] },
    generated: created,
  };
  return stringify(index);
}

function entriesOf(text: string): Index['entries'] {
  let index: Partial<Index> | null = null;
  try {
    index = parse(text) as Partial<Index> | null;
  } catch {
    // Said below: a page of a web server is neither YAML nor an index.
  }
  const entries: unknown = index?.entries;
  if (typeof entries !== 'object' || entries === null)
    throw new Error(
      `The index of before is not of a chart repository, which has \`entries\`; it begins with ${JSON.stringify(text.slice(0, 40))}.`,
    );
  return entries as Index['entries'];
}
