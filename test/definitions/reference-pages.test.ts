import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { problemCodes } from '../../controller/src/api/problems.ts';
import { routes } from '../../controller/src/api/routes.ts';
import { eventReasons } from '../../controller/src/domain/model/events.ts';
import { reasonMeanings } from '../../controller/src/domain/model/reason-meanings.ts';
import { controllerCommand } from '../../controller/src/options.ts';
import { describedCommands } from '../../scripts/cli-page.ts';
import { prose } from '../../scripts/markdown.ts';
import { referencePages } from '../../scripts/reference-pages.ts';

const pages = await referencePages();
const textOf = (name: string): string => pages.find(({ target }) => target === name)?.text ?? '';

describe('the pages of docs/reference', () => {
  it.each(pages.map(({ target, text }) => [target, text] as const))(
    '%s is up to date, and says at once that it is generated',
    async (target, text) => {
      expect(
        await readFile(new URL(`../../${target}`, import.meta.url), 'utf8'),
        `${target}: run \`npm run generate\` and commit the result`,
      ).toBe(text);
      expect(text.split('\n')[0]).toContain('npm run generate');
    },
  );

  it('have every route with its rights, and every error', () => {
    const text = textOf('docs/reference/api.md');
    for (const { method, path, id, rights } of routes) {
      const section = text.split(/^### /m).find((one) => one.startsWith(`${id}\n`));
      expect(section).toContain(`\`${method.toUpperCase()} /api/v1${path}\``);
      expect(section).toContain(`Rights: ${rights}.`);
    }
    for (const [code, { status, means }] of Object.entries(problemCodes))
      expect(text).toContain(`| \`${code}\` | ${status} | ${means} |`);
  });

  it('have every command with every option', () => {
    const sections = textOf('docs/reference/cli.md').split(/^## /m);
    for (const command of describedCommands()) {
      const section = sections.find((one) => one.startsWith(`${command.name()}\n`));
      for (const { flags } of command.options) expect(section, command.name()).toContain(`\`${flags}\``);
    }
    expect(textOf('docs/reference/cli.md')).not.toContain('__complete');
  });

  it('have every flag of the controller, every reason and every event', () => {
    for (const { flags } of controllerCommand('').options)
      expect(textOf('docs/reference/flags.md')).toContain(`\`${flags.replaceAll('|', String.raw`\|`)}\``);
    for (const reason of Object.keys(reasonMeanings))
      expect(textOf('docs/reference/reasons.md')).toContain(`| \`${reason}\` |`);
    for (const reason of Object.values(eventReasons))
      expect(textOf('docs/reference/events.md')).toContain(`| \`${reason}\` |`);
  });

  it('have every parameter of the addon with a sentence', () => {
    const rows = textOf('docs/reference/addon-parameters.md').match(/^\| \[?`.*$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter((line) => line.split(' | ')[1]?.trim() === '')).toEqual([]);
  });

  it.each(['task', 'taskrun', 'tasktemplate'])('have every field of crd-%s.yaml with its description', async (name) => {
    const text = await readFile(new URL(`../../addon/resources/crd-${name}.yaml`, import.meta.url), 'utf8');
    const page = textOf('docs/reference/resources.md');
    const described: string[] = [];
    visit((parse(text) as Crd).spec.versions[0].schema, ({ description }) => {
      if (typeof description === 'string') described.push(prose(description).replaceAll('|', String.raw`\|`));
    });
    expect(described.length).toBeGreaterThan(5);
    expect(described.filter((sentence) => !page.includes(sentence))).toEqual([]);
  });
});

interface Crd {
  readonly spec: { readonly versions: readonly [{ readonly schema: unknown }] };
}

function visit(value: unknown, look: (object: Readonly<Record<string, unknown>>) => void): void {
  if (typeof value !== 'object' || value === null) return;
  look(value as Readonly<Record<string, unknown>>);
  for (const inner of Object.values(value)) visit(inner, look);
}
