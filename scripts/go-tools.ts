/** Programs for checks that are built from their Go modules, as the sandbox's are, and kept in .cache/bin. */
import { join } from 'node:path';
import { build } from '../sandbox/src/build/build.ts';
import type { Component } from '../sandbox/src/components.ts';
import { progressTo } from '../sandbox/src/progress.ts';

const actionlintComponent: Component = {
  name: 'actionlint',
  folder: 'actionlint',
  programs: { actionlint: 'github.com/rhysd/actionlint/cmd/actionlint' },
  flags: ['-ldflags', '-s -w'],
  minutes: 0.2,
  diskGiB: 0.5,
};

const prometheusComponent: Component = {
  name: 'prometheus',
  folder: 'prometheus',
  programs: {
    prometheus: 'github.com/prometheus/prometheus/cmd/prometheus',
    promtool: 'github.com/prometheus/prometheus/cmd/promtool',
  },
  // It scrapes addresses that are named; the clients of thirty clouds are left out.
  flags: ['-tags', 'remove_all_sd', '-ldflags', '-s -w'],
  minutes: 10,
  diskGiB: 4,
};

async function folderOf(component: Component): Promise<string> {
  const { [component.name]: folder = '' } = await build([component], progressTo(process.stderr));
  return folder;
}

/** @returns actionlint's path; the first time it is built */
export async function actionlint(): Promise<string> {
  return join(await folderOf(actionlintComponent), 'actionlint');
}

/** @returns the paths of Prometheus' programs; the first time they are built, which takes long */
export async function prometheusPrograms(): Promise<{ readonly prometheus: string; readonly promtool: string }> {
  const folder = await folderOf(prometheusComponent);
  return { prometheus: join(folder, 'prometheus'), promtool: join(folder, 'promtool') };
}
