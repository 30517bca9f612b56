/**
 * Runs the API tests and the main end-to-end tests on each release of Kubernetes that the sandbox knows, with
 * KubeVela's stand-in, and all end-to-end tests with each KubeVela that KUBEVELA_HOMES names (each as KUBEVELA_HOME
 * does; a list as PATH is one). It goes on after a failure, prints a table for docs/operations/versions.md, and ends
 * with 1 where a test failed: `tsx scripts/matrix.ts 1.35 1.36`; without releases, all of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { kubernetesReleases, kubernetesVersions, type KubernetesRelease } from '../sandbox/src/kubernetes-releases.ts';

const mainEndToEnd = ['deployments', 'runs', 'flows', 'failures', 'workflow'].map((name) => `test/e2e/${name}.test.ts`);

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly minutes: number;
}

/** @throws Error where vitest did not get so far as to write what came of it */
function runTests(environment: Readonly<Record<string, string | undefined>>, args: readonly string[]): Outcome {
  const directory = mkdtempSync(join(tmpdir(), 'matrix-'));
  const report = join(directory, 'report.json');
  const begun = Date.now();
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    spawnSync('npx', ['vitest', 'run', ...reporters, ...args], {
      stdio: 'inherit',
      env: { ...process.env, KUBECONFIG: undefined, KUBEVELA_HOME: undefined, ...environment },
    });
    const { numPassedTests, numFailedTests, numPendingTests, success } = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      success: boolean;
    };
    // A file whose set-up failed has no test that failed.
    const failed = success ? 0 : Math.max(numFailedTests, 1);
    return { passed: numPassedTests, failed, skipped: numPendingTests, minutes: (Date.now() - begun) / 60_000 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function onKubernetes(release: KubernetesRelease): Outcome {
  const projects = ['api', 'e2e'].flatMap((project) => ['--project', project]);
  return runTests({ SANDBOX_KUBERNETES: release }, [...projects, 'test/api/', ...mainEndToEnd]);
}

function releasesOf(asked: readonly string[]): readonly KubernetesRelease[] {
  if (asked.length === 0) return kubernetesReleases;
  const known = kubernetesReleases.filter((release) => asked.includes(release));
  if (known.length === new Set(asked).size) return known;
  console.error(`usage: matrix.ts [release ...]; the releases are ${kubernetesReleases.join(', ')}`);
  process.exit(2);
}

const homes = (process.env['KUBEVELA_HOMES'] ?? '').split(delimiter).filter((home) => home !== '');
const outcomes: (readonly [string, Outcome])[] = [];
for (const release of releasesOf(process.argv.slice(2)))
  outcomes.push([`Kubernetes ${kubernetesVersions[release]}, stand-in`, onKubernetes(release)]);
for (const home of homes)
  outcomes.push([`KubeVela ${basename(home)}, end to end`, runTests({ KUBEVELA_HOME: home }, ['--project', 'e2e'])]);

const today = new Date().toISOString().slice(0, 10);
console.log('\n| what | when | passed | failed | skipped | minutes |\n|---|---|---|---|---|---|');
for (const [what, { passed, failed, skipped, minutes }] of outcomes)
  console.log(`| ${what} | ${today} | ${passed} | ${failed} | ${skipped} | ${minutes.toFixed(0)} |`);
if (outcomes.some(([, { failed }]) => failed > 0)) process.exitCode = 1;
