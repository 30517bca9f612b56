import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { problemCodes } from '../../controller/src/api/problems.ts';
import { routes } from '../../controller/src/api/routes.ts';
import { apiPages } from '../../scripts/api-pages.ts';
import { cliPage, describedCommands } from '../../scripts/cli-page.ts';

const pages = [...apiPages(), cliPage()];
const textOf = (name: string): string => pages.find(({ target }) => target === name)?.text ?? '';

describe('the pages of the REST API and the command line', () => {
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

  it('link to headings that are there', () => {
    for (const { target, text } of pages) {
      const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(' ', '-')
          .replaceAll(/[^\w-]/g, ''),
      );
      for (const [, anchor] of text.matchAll(/\]\(#([\w-]+)\)/g)) expect(anchors, target).toContain(anchor);
    }
  });
});
