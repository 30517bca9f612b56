/** What a single executable consists of beside ours: packages of npm, and the modules of Go in CUE's WebAssembly. */
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cueVersions } from '../../cue/ts/build.ts';
import { bundledPackages, licences } from '../image/app-files.ts';
import { repository } from '../image/build.ts';
import type { NodePackage } from '../image/node.ts';
import { cycloneDx, nodeComponent, npmComponents, type Component } from '../image/sbom.ts';
import { goLicenses } from '../licenses-page.ts';
import { planCue } from '../plan-parts.ts';

interface GoModule {
  readonly Path: string;
  readonly Version: string;
  readonly Dir: string;
}

export interface CliContents {
  /** The list as CycloneDX. */
  readonly sbom: Buffer;
  /** The texts of all licences but Node's. */
  readonly licences: Buffer;
}

/** @param version that of task-runs */
export async function cliContents(version: string, nodes: readonly NodePackage[]): Promise<CliContents> {
  const [bundled, modules] = await Promise.all([bundledPackages('cli'), goModules()]);
  const components = [...nodes.map(nodeComponent), ...npmComponents(bundled), ...modules.map(goComponent)];
  const texts = [await licences(repository, bundled), ...(await Promise.all(modules.map(goLicence)))];
  return { sbom: cycloneDx('application', version, components), licences: Buffer.from(texts.join('\n')) };
}

async function goModules(): Promise<GoModule[]> {
  const format =
    '{{with .Module}}{{if .Version}}{"Path":"{{.Path}}","Version":"{{.Version}}","Dir":{{printf "%q" .Dir}}}{{end}}{{end}}';
  const { stdout } = await promisify(execFile)(
    'go',
    ['list', '-deps', `-modfile=${cueVersions[planCue]}`, '-f', format, '.'],
    { cwd: join(repository, 'cue/go'), env: { ...process.env, GOOS: 'js', GOARCH: 'wasm' } },
  );
  const lines = [...new Set(stdout.split('\n').filter((line) => line !== ''))].sort();
  return lines.map((line) => JSON.parse(line) as GoModule);
}

function goComponent({ Path, Version }: GoModule): Component {
  const license = goLicenses[Path];
  if (license === undefined)
    throw new Error(`scripts/licenses-page.ts names no licence of ${Path}: look into its LICENSE.`);
  return {
    type: 'library',
    name: Path,
    version: Version,
    purl: `pkg:golang/${Path}@${Version}`,
    licenses: [{ expression: license }],
  };
}

async function goLicence({ Path, Version, Dir }: GoModule): Promise<string> {
  const files = (await readdir(Dir)).filter((file) => /^(licen[cs]e|notice|copying)(\.|$)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(Dir, file), 'utf8')));
  return (
    [`==== ${Path} ${Version}: ${goLicenses[Path] ?? ''}`, ...texts.map((text) => text.trim())].join('\n\n') + '\n'
  );
}
