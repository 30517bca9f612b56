import { describe, expect, it } from 'vitest';
import { notesOf } from './notes.ts';

const changelog = `# Changelog

Words before.

## [Unreleased]

### Added

- New.

## [0.2.0] - 2026-12-01

- Second.

## 0.1.0

## 0.0.1

- Oldest.
`;

describe('the notes of a release', () => {
  it("are the changelog's section of that version", () => {
    expect(notesOf(changelog, '0.2.0')).toBe('- Second.\n');
    expect(notesOf(changelog, '0.0.1')).toBe('- Oldest.\n');
    expect(notesOf(changelog, 'Unreleased')).toBe('### Added\n\n- New.\n');
  });

  it('are asked for where the version has no section', () => {
    expect(() => notesOf(changelog, '0.3.0')).toThrow(
      'CHANGELOG.md has no section for 0.3.0, only for Unreleased, 0.2.0, 0.1.0, 0.0.1: rename "## [Unreleased]" to "## [0.3.0] - <date>", or correct the version in package.json.',
    );
  });

  it('are asked for where the section is empty', () => {
    expect(() => notesOf(changelog, '0.1.0')).toThrow(
      'CHANGELOG.md says nothing under 0.1.0: write what people meet differently.',
    );
  });
});
