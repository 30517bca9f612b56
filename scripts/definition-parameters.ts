/**
 * Reads the parameters of a definition from its text, as people wrote them: the comments `// +usage=` are not a part of
 * CUE's value. What is read is the way in which definitions/ are written, one field a line, not CUE in general; what it
 * does not know it refuses.
 */
import { readFile } from 'node:fs/promises';

export interface Parameter {
  readonly name: string;
  readonly required: boolean;
  /** As in the text, such as `string` or `[...string]`; of one that has fields `object` or `[...object]`. */
  readonly type: string;
  /** JSON; undefined where there is none in the text. What the Task's schema fills in is said in `usage`. */
  readonly default: string | undefined;
  readonly usage: string;
  /** The condition under which there is such a field, such as `type == "pvc"`. */
  readonly when: string | undefined;
  readonly fields: readonly Parameter[];
}

/** One block of a template: its lines, and whether it is a list of such objects. */
interface Block {
  readonly list: boolean;
  readonly lines: readonly string[];
}

/** The blocks of a template by name, such as `parameter`, `_env` and, of the definition below, `task._env`. */
type Blocks = ReadonlyMap<string, Block>;

/** Definitions refer to blocks that refer to blocks; none to itself. */
const deepest = 12;

const opening = /^(\[\.\.\.)?(?:close\()?\(?\{$/;

/**
 * The parameters of definitions/NAME.cue.
 * @throws Error with the line that is not understood
 */
export async function readParameters(name: string): Promise<readonly Parameter[]> {
  const blocks = await blocksOf(name);
  return fieldsOf(blockNamed('parameter', blocks), blocks, '', 0);
}

/** The parameters of the addon itself, which stand in addon/parameter.cue, a level further out than a definition's. */
export async function readAddonParameters(): Promise<readonly Parameter[]> {
  const text = await readFile(new URL('../addon/parameter.cue', import.meta.url), 'utf8');
  const blocks = blocksIn(text.replaceAll(/^(?=.)/gm, '\t'));
  return fieldsOf(blockNamed('parameter', blocks), blocks, '', 0);
}

async function blocksOf(name: string, prefix = ''): Promise<Blocks> {
  const text = await readFile(new URL(`../definitions/${name}.cue`, import.meta.url), 'utf8');
  const blocks = blocksIn(text, prefix);
  const [, field, below] = (prefix === '' ? /\b(_?(\w+))\._\w+$/m.exec(text) : undefined) ?? [];
  if (below !== undefined) for (const [name, block] of await blocksOf(below, `${field}.`)) blocks.set(name, block);
  return blocks;
}

function blocksIn(text: string, prefix = ''): Map<string, Block> {
  const blocks = new Map<string, Block>();
  for (const [, field = '', start = '', body = ''] of text.matchAll(
    /^\t(parameter|_\w+|#\w+): (.*\{)\n([^]*?)\n\t\}/gm,
  )) {
    blocks.set(`${prefix}${field}`, {
      list: start.startsWith('[...'),
      lines: body.split('\n').map((line) => line.trim()),
    });
  }
  return blocks;
}

function blockNamed(name: string, blocks: Blocks): Block {
  const block = blocks.get(name);
  if (!block) throw new Error(`there is no ${name} in the definition, only ${[...blocks.keys()].join(', ')}`);
  return block;
}

/** Where references in a block lead: those of task.cue stay there. */
const scopeOf = (name: string, scope: string): string =>
  name.includes('.') ? name.slice(0, name.indexOf('.') + 1) : scope;

function fieldsOf({ lines }: Pick<Block, 'lines'>, blocks: Blocks, scope: string, depth: number): readonly Parameter[] {
  if (depth > deepest) throw new Error(`the parameters are nested more than ${deepest} deep`);
  const found: Parameter[] = [];
  let usage = '';
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.startsWith('// +usage=')) usage = line.slice('// +usage='.length);
    if (line === '' || line.startsWith('//')) continue;
    const inner = line.endsWith('{') ? inside(lines, at) : [];
    if (inner.length > 0) at += inner.length + 1;
    found.push(...readLine(line, { usage, inner, blocks, scope, depth: depth + 1 }));
    usage = '';
  }
  return found;
}

interface Around {
  readonly usage: string;
  /** The lines between this one's brace and the one that closes it. */
  readonly inner: readonly string[];
  readonly blocks: Blocks;
  readonly scope: string;
  readonly depth: number;
}

function readLine(line: string, { usage, inner, blocks, scope, depth }: Around): readonly Parameter[] {
  const condition = /^if (.+) \{$/.exec(line)?.[1];
  if (condition !== undefined)
    return fieldsOf({ lines: inner }, blocks, scope, depth).map((field) => ({ ...field, when: condition }));
  const [, name, optional, value] = /^(\w+)(\??): +(.+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) return embedded(line, blocks, scope, depth);
  const fallback = /^\*(".*?"|\S+)/.exec(value)?.[1];
  const reference = resolve(value, blocks, scope);
  const fields = reference
    ? fieldsOf(reference.block, blocks, reference.scope, depth)
    : fieldsOf({ lines: inner }, blocks, scope, depth);
  return [
    {
      name,
      required: optional === '' && fallback === undefined,
      type: typeOf(value, reference?.block),
      default: fallback,
      usage,
      when: undefined,
      fields,
    },
  ];
}

function typeOf(value: string, block: Block | undefined): string {
  if (!block && !opening.test(value)) return value.replace(/^\*/, '');
  return (block?.list ?? value.startsWith('[...')) ? '[...object]' : 'object';
}

/** The fields of a block that stands among others by its name. */
function embedded(line: string, blocks: Blocks, scope: string, depth: number): readonly Parameter[] {
  const reference = resolve(line, blocks, scope);
  if (!reference) throw new Error(`not understood among the parameters: ${line}`);
  return fieldsOf(reference.block, blocks, reference.scope, depth);
}

function resolve(text: string, blocks: Blocks, scope: string): { block: Block; scope: string } | undefined {
  for (const name of [text, `${scope}${text}`]) {
    const block = blocks.get(name);
    if (block) return { block, scope: scopeOf(name, scope) };
  }
  return undefined;
}

/** The lines up to the brace that closes the one at the end of line `start`. */
function inside(lines: readonly string[], start: number): readonly string[] {
  let open = 0;
  for (let at = start; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').startsWith('//') ? '' : (lines[at] ?? '');
    open += count(line, '{') - count(line, '}');
    if (open === 0) return lines.slice(start + 1, at);
  }
  throw new Error(`no brace closes: ${lines[start]}`);
}

const count = (text: string, character: string): number => text.split(character).length - 1;
