import { describe, expect, it } from 'vitest';
import { notesOf, withAddresses } from './notes.ts';

const changelog = `# Changelog

Words before.

## [Unreleased]

## [0.2.0] - 2026-12-01

- Second.

## 0.1.0

## 0.0.1

- Oldest.
`;
const unfinished = changelog.replace('## [Unreleased]\n', '## [Unreleased]\n\n### Added\n\n- New.\n');

describe('the notes of a release', () => {
  it("are the changelog's section of that version", () => {
    expect(notesOf(changelog, '0.2.0')).toBe('- Second.\n');
    expect(notesOf(changelog, '0.0.1')).toBe('- Oldest.\n');
    expect(notesOf(unfinished, 'Unreleased')).toBe('### Added\n\n- New.\n');
  });

  it('are asked for where the version has no section', () => {
    expect(() => notesOf(changelog, '0.3.0')).toThrow(
      'CHANGELOG.md has no section for 0.3.0, only for Unreleased, 0.2.0, 0.1.0, 0.0.1: rename "## [Unreleased]" to "## [0.3.0] - <date>", or correct the version in package.json.',
    );
  });

  it('are refused while changes are left under Unreleased, as where the version was not raised', () => {
    expect(() => notesOf(unfinished, '0.2.0')).toThrow(
      'CHANGELOG.md has changes under Unreleased, which a release of this commit has and the notes of 0.2.0 leave out: set the next version in package.json, and rename "## [Unreleased]" to it.',
    );
  });

  it('are asked for where the section is empty', () => {
    expect(() => notesOf(changelog, '0.1.0')).toThrow(
      'CHANGELOG.md says nothing under 0.1.0: write what people meet differently.',
    );
  });

  it('lead to the files of their commit, wherever they are read', () => {
    const notes = 'A [map](docs/README.md), a [part](docs/a/#b), [elsewhere](https://example.com/), [here](#added).\n';
    expect(withAddresses(notes, 'https://example.com/task-runs/blob/v0.2.0')).toBe(
      'A [map](https://example.com/task-runs/blob/v0.2.0/docs/README.md), a [part](https://example.com/task-runs/blob/v0.2.0/docs/a/#b), [elsewhere](https://example.com/), [here](#added).\n',
    );
  });
});
