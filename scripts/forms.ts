/**
 * The forms for VelaUX in addon/schemas. An entry's subParameters may name a file there, such as shared/env.yaml, whose
 * list several forms have. VelaUX shows entries by their `sort`, which is here the place where they stand.
 */
import { readdir, readFile } from 'node:fs/promises';
import { parse } from 'yaml';

const folder = new URL('../addon/schemas/', import.meta.url);

/** An entry of a form, as VelaUX reads it. */
export interface FormEntry {
  readonly jsonKey: string;
  readonly label?: string;
  readonly sort?: number;
  readonly uiType?: string;
  readonly disable?: boolean;
  readonly validate?: {
    readonly required?: boolean;
    readonly min?: number;
    readonly max?: number;
    readonly options?: readonly { readonly label: string; readonly value: string }[];
  };
  readonly conditions?: readonly { readonly jsonKey: string; readonly op?: string; readonly action?: string }[];
  readonly subParameterGroupOption?: readonly { readonly label: string; readonly keys: readonly string[] }[];
  readonly subParameters?: readonly FormEntry[];
}

/** An entry as it stands in a file. */
type WrittenEntry = Omit<FormEntry, 'sort' | 'subParameters'> & {
  readonly subParameters?: string | readonly WrittenEntry[];
};

/** The names of the files that are a form each. */
export async function formFiles(): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
}

/** A form in one piece, as VelaUX takes it. */
export async function readForm(file: string): Promise<readonly FormEntry[]> {
  return whole((await read(file)) as readonly WrittenEntry[]);
}

async function read(file: string): Promise<unknown> {
  return parse(await readFile(new URL(file, folder), 'utf8'));
}

async function whole(entries: readonly WrittenEntry[]): Promise<readonly FormEntry[]> {
  return Promise.all(
    entries.map(async ({ subParameters: below, ...entry }, index) => {
      const placed = entry.disable === true ? entry : { ...entry, sort: index + 1 };
      if (below === undefined) return placed;
      const written = typeof below === 'string' ? ((await read(below)) as readonly WrittenEntry[]) : below;
      return { ...placed, subParameters: await whole(written) };
    }),
  );
}
