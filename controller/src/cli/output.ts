import { Option } from 'commander';
import type { KubeObject } from '../kube/objects.ts';
import { print, printJson } from '../plan/kubectl-yaml.ts';
import type { Sink } from './io.ts';

export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml';

export interface OutputOptions {
  readonly output: OutputFormat;
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to show it')
    .choices(['table', 'wide', 'json', 'yaml'] satisfies OutputFormat[])
    .default('table');
}

/** The output format for programs; undefined for people, who get a table. */
export function renderObjects(format: OutputFormat, shown: KubeObject | readonly KubeObject[]): string | undefined {
  if (format !== 'json' && format !== 'yaml') return undefined;
  const value = isList(shown)
    ? { apiVersion: 'v1', kind: 'List', items: shown.map(withoutManagedFields) }
    : withoutManagedFields(shown);
  return format === 'json' ? printJson(value) : print(value);
}

/** Prints the resources for programs, or as a table for people. */
export async function show(
  sink: Sink,
  format: OutputFormat,
  shown: KubeObject | readonly KubeObject[],
  table: () => string,
): Promise<void> {
  await sink.write(renderObjects(format, shown) ?? table());
}

function isList(shown: KubeObject | readonly KubeObject[]): shown is readonly KubeObject[] {
  return Array.isArray(shown);
}

/** Left out as kubectl does: people rarely look for who wrote which field. */
function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _dropped, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}
