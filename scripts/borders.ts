/**
 * The borders between the rooms (rooms.ts) as rules for dependency-cruiser, which sees type imports, too, and what
 * breaks them.
 */
import { builtinModules } from 'node:module';
import {
  cruise,
  type ICruiseResult,
  type IForbiddenRuleType,
  type IRegularForbiddenRuleType,
} from 'dependency-cruiser';
import { everything, rooms as ourRooms, testPackages, type Room } from '../rooms.ts';

/** All folders with TypeScript. */
const folders = ['bench', 'console/src', 'controller/src', 'cue/ts', 'sandbox/src', 'scripts', 'test'];

/** Regular expressions for the paths that dependency-cruiser reports. */
const testFiles = '[.]test[.]tsx?$|/testing/';
const nodeModules = builtinModules.map((name) => name.replace(/^node:/, ''));

export interface BorderCheck {
  readonly rooms?: readonly Room[];
  /** The top of the repository; the current directory when left out. */
  readonly directory?: string;
  /** Files and folders below it, which are checked. */
  readonly files?: readonly string[];
}

/** @returns a sentence for each import that a room may not have, and for each circle of imports */
export async function brokenBorders({
  rooms = ourRooms,
  directory = process.cwd(),
  files = folders,
}: BorderCheck = {}): Promise<readonly string[]> {
  const rules = borderRules(rooms);
  const { output } = await cruise([...files], {
    baseDir: directory,
    ruleSet: { forbidden: rules },
    validate: true,
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'] },
  });
  const remedies = new Map(rules.map(({ name, comment }) => [name, comment]));
  return (output as ICruiseResult).summary.violations.map(({ rule, from, to, cycle }) => {
    const way = cycle === undefined ? [from, to] : [from, ...cycle.map(({ name }) => name)];
    return `${way.join(' -> ')}: ${remedies.get(rule.name) ?? rule.name}`;
  });
}

/** What is forbidden in each room, and circles in all of them. */
export function borderRules(rooms: readonly Room[]): IForbiddenRuleType[] {
  const circles: IRegularForbiddenRuleType = {
    name: 'circle',
    severity: 'error',
    comment: 'these import each other; move what they share into a file of its own',
    from: {},
    to: { circular: true },
  };
  const withBorders = rooms.filter(({ imports }) => imports !== undefined && !imports.includes(everything));
  return [circles, ...withBorders.flatMap((room) => rulesOf(room, ownFiles(room, rooms)))];
}

function rulesOf(room: Room, own: string): readonly IRegularForbiddenRuleType[] {
  const { folder, imports = [], types = [], packages = [], tests = [] } = room;
  const allowed = [own, ...imports.map(below), ...packages.map(external)];
  const allowedTypes = types.map(below);
  const allowedInTests = [
    testFiles,
    ...[...tests, ...testPackages, 'node:*'].flatMap((name) => [below(name), external(name)]),
  ];
  const list = [...imports, ...packages, ...types.map((name) => `types of ${name}`)].join(', ') || 'nothing';
  const rule = (
    name: string,
    comment: string,
    { from, to }: Pick<IRegularForbiddenRuleType, 'from' | 'to'>,
  ): IRegularForbiddenRuleType => ({ name: `${folder} ${name}`, severity: 'error', comment, from, to });
  return [
    rule('imports', `${folder} may import ${list} (rooms.ts)`, {
      from: { path: own, pathNot: testFiles },
      to: { pathNot: [...allowed, ...allowedTypes, testFiles] },
    }),
    rule('tests', `tests of ${folder} may import ${[list, ...tests].join(', ')} and any testing/ (rooms.ts)`, {
      from: { path: `${own}.*(?:${testFiles})` },
      to: { pathNot: [...allowed, ...allowedTypes, ...allowedInTests] },
    }),
    rule('testing', 'only tests may import a test or a testing/', {
      from: { path: own, pathNot: testFiles },
      to: { path: testFiles },
    }),
    ...(types.length === 0
      ? []
      : [
          rule('types', `${folder} may import types from there, by import type, and no values (rooms.ts)`, {
            from: { path: own, pathNot: testFiles },
            to: { path: allowedTypes, pathNot: allowed, dependencyTypesNot: ['type-only'] },
          }),
        ]),
  ];
}

/** A room's files: everything below its folder, except the rooms inside it. */
function ownFiles({ folder }: Room, rooms: readonly Room[]): string {
  const inside = rooms.filter((room) => room.folder !== folder && room.folder.startsWith(folder));
  const others = inside.map((room) => escaped(room.folder.slice(folder.length)));
  return `^${escaped(folder)}${others.length === 0 ? '' : `(?!${others.join('|')})`}`;
}

/** All files of a folder, whose name ends with a slash, or one file. */
function below(path: string): string {
  return `^${escaped(path)}${path.endsWith('/') ? '' : '$'}`;
}

/**
 * A package of npm, where it is installed or only its types are; a module of Node; `node:*` for all of these. A module
 * that Node knows under its prefix alone, such as node:sqlite, keeps it.
 */
function external(name: string): string {
  if (name === 'node:*') return `^(?:node:)?(?:${nodeModules.map(escaped).join('|')})$`;
  if (name.startsWith('node:')) return `^(?:node:)?${escaped(name.slice('node:'.length))}$`;
  return `^(?:node_modules/)?${escaped(name)}(?:/|$)`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
