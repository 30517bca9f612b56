import { readFile, readdir } from 'node:fs/promises';

const folder = new URL('../definitions/', import.meta.url);
const attributesOf = /\battributes:\s+(\w+)\.attributes\n/;
const below = /\b(_?(\w+))\.(?:_podAndJob|_shared)\b/;

/** The names of all definitions, in order. */
export async function definitionNames(): Promise<string[]> {
  return (await readdir(folder))
    .filter((file) => file.endsWith('.cue'))
    .map((file) => file.slice(0, -'.cue'.length))
    .sort();
}

/**
 * The text of definitions/NAME.cue as `vela def` takes it, in one piece: a definition whose parameters are those of
 * `task._podAndJob` or `task._shared` is one on top of task.cue, and gets that one's template as the field `task` of
 * its own (as the hidden field `_task` where it says `_task._podAndJob`); and that one's attributes where it says
 * `attributes: task.attributes`.
 * @throws Error where the definition below, or a part of it, is missing
 */
export async function readDefinition(name: string): Promise<string> {
  const text = await read(name);
  const [, field, file] = below.exec(text) ?? [];
  return field === undefined || file === undefined ? text : composed(text, field, await read(file));
}

const read = (name: string) => readFile(new URL(`${name}.cue`, folder), 'utf8');

function composed(text: string, field: string, source: string): string {
  const attributes = part(source, '\tattributes: {\n', '\n\t}\n', field);
  const whole = part(source, '\ntemplate: {\n', '\n}\n', field);
  const template = (field.startsWith('_') ? namedIn(text, field, whole) : whole).replaceAll(/^(?=.)/gm, '\t');
  const end = text.lastIndexOf('\n}\n');
  return `${text.slice(0, end).replace(attributesOf, () => `attributes: {\n${attributes}\n\t}\n`)}\n\n\t${field}: {\n${template}\n\t}\n}\n`;
}

/**
 * The fields of a template that a text names as FIELD.NAME, and those that they name in turn. CUE would evaluate all
 * others, too, at each look of KubeVela at the step.
 */
function namedIn(text: string, field: string, template: string): string {
  const fields = template.split(/\n\n(?=\t[^\t])/).map((block) => ({ block, name: /^\t([\w#]+):/m.exec(block)?.[1] }));
  const named = new Set([...text.matchAll(new RegExp(`\\b${field}\\.(\\w+)`, 'g'))].map(([, name]) => name));
  let taken: typeof fields;
  let size: number;
  do {
    size = named.size;
    taken = fields.filter(({ name }) => named.has(name));
    for (const { block } of taken) for (const [name] of block.matchAll(/(?<![\w.])[_#]\w+/g)) named.add(name);
  } while (named.size > size);
  return taken.map(({ block }) => block).join('\n\n');
}

/** What stands between two marks. */
function part(text: string, from: string, to: string, name: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to, start);
  if (start < 0 || end < 0)
    throw new Error(`definitions/${name}.cue has no part between ${JSON.stringify(from)} and ${JSON.stringify(to)}`);
  return text.slice(start + from.length, end);
}
