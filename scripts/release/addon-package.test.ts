import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { addonPackage, indexOf } from './addon-package.ts';

const created = '2026-11-22T22:04:15.000Z';
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'addon-package-'));
  await mkdir(join(directory, 'resources'));
  await setVersion('0.1.0');
  await writeFile(join(directory, 'parameter.cue'), 'parameter: {\n\timage: *"task-runs:0.1.0" | string\n}\n');
  await writeFile(join(directory, 'resources/crd.yaml'), 'kind: CustomResourceDefinition\n');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function setVersion(version: string): Promise<void> {
  return writeFile(
    join(directory, 'metadata.yaml'),
    `name: task-runs\nversion: ${version}\ndescription: Tasks\ntags: [task]\nsystem: {vela: ">=1.9.0", kubernetes: ">=1.30.0"}\n`,
  );
}

describe("the addon's package", () => {
  it('has everything below its name, with the chart that KubeVela looks for', async () => {
    const { file, content, chart } = await addonPackage(directory);
    expect(file).toBe('task-runs-0.1.0.tgz');
    const archive = gunzipSync(content).toString('latin1');
    expect(archive.match(/task-runs\/[\w./-]+/g)).toEqual([
      'task-runs/Chart.yaml',
      'task-runs/metadata.yaml',
      'task-runs/parameter.cue',
      'task-runs/resources/crd.yaml',
    ]);
    expect(chart).toEqual({
      apiVersion: 'v2',
      name: 'task-runs',
      version: '0.1.0',
      appVersion: '0.1.0',
      type: 'library',
      description: 'Tasks',
      keywords: ['task'],
      annotations: { 'addon.name': 'task-runs', 'system.vela': '>=1.9.0', 'system.kubernetes': '>=1.30.0' },
    });
  });

  it('has the same bytes when it is made again', async () => {
    const [one, other] = [await addonPackage(directory), await addonPackage(directory)];
    expect(one.content.equals(other.content)).toBe(true);
  });

  it('runs the image that the release was made for', async () => {
    const { content } = await addonPackage(directory, 'registry.example.com/task-runs:0.1.0');
    expect(gunzipSync(content).toString('latin1')).toContain('image: *"registry.example.com/task-runs:0.1.0" | string');
  });
});

describe("a registry's index", () => {
  it('keeps the versions of before', async () => {
    const first = indexOf(await addonPackage(directory), created);
    await setVersion('0.2.0');
    const second = parse(indexOf(await addonPackage(directory), created, { earlier: first })) as {
      entries: Record<string, { version: string; urls: string[] }[]>;
    };
    expect(second.entries['task-runs']?.map(({ version, urls }) => [version, urls])).toEqual([
      ['0.2.0', ['task-runs-0.2.0.tgz']],
      ['0.1.0', ['task-runs-0.1.0.tgz']],
    ]);
  });

  it('names the address of the package, where that is another one', async () => {
    const base = 'https://example.com/v0.1.0/';
    const packed = await addonPackage(directory);
    expect(indexOf(packed, created, { base })).toContain(`- ${base}task-runs-0.1.0.tgz`);
    expect(indexOf(packed, created, { base: base.slice(0, -1) })).toContain(`- ${base}task-runs-0.1.0.tgz`);
  });

  it.each(['', '<!DOCTYPE html><p>: Not found', 'Not found', 'entries:'])(
    'is refused where it is something else: %j',
    async (earlier) => {
      const packed = await addonPackage(directory);
      expect(() => indexOf(packed, created, { earlier })).toThrow(
        /^The index of before is not of a chart repository, which has `entries`; it begins with "/,
      );
    },
  );

  it('may be of a registry that has nothing yet', async () => {
    const packed = await addonPackage(directory);
    expect(indexOf(packed, created, { earlier: 'apiVersion: v1\nentries: {}\n' })).toBe(indexOf(packed, created));
  });

  it('stays the same for what it has already, and is refused for other contents of the same version', async () => {
    const first = indexOf(await addonPackage(directory), created);
    expect(indexOf(await addonPackage(directory), created, { earlier: first })).toBe(first);
    const other = await addonPackage(directory, 'another:1');
    expect(() => indexOf(other, created, { earlier: first })).toThrow(
      /^The index offers task-runs 0\.1\.0 already, with other contents \([0-9a-f]{64}\): what was released never changes; set a new version in package\.json\.$/,
    );
  });
});
