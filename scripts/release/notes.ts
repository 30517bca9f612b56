/**
 * The section of a version in a changelog of the form of keepachangelog.com.
 * @param changelog such as CHANGELOG.md's text
 * @param version `0.2.0`, or `Unreleased`
 * @returns its text without its heading
 * @throws Error when there is no such section, or nothing in it, or when changes are left under Unreleased that the
 *   notes of the version would not have
 */
export function notesOf(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const found = sections.find((section) => titleOf(section) === version);
  if (found === undefined)
    throw new Error(
      `CHANGELOG.md has no section for ${version}, only for ${sections.map(titleOf).join(', ')}: rename "## [Unreleased]" to "## [${version}] - <date>", or correct the version in package.json.`,
    );
  const text = textOf(found);
  if (text === '') throw new Error(`CHANGELOG.md says nothing under ${version}: write what people meet differently.`);
  const unreleased = sections.find((section) => titleOf(section) === 'Unreleased');
  if (unreleased !== undefined && unreleased !== found && textOf(unreleased) !== '')
    throw new Error(
      `CHANGELOG.md has changes under Unreleased, which a release of this commit has and the notes of ${version} leave out: set the next version in package.json, and rename "## [Unreleased]" to it.`,
    );
  return `${text}\n`;
}

/**
 * The notes with their links to files of the repository as addresses: where a release is read, there are no such files.
 * @param tree where the files of the release's commit are, such as https://example.com/task-runs/blob/v0.2.0
 */
export function withAddresses(notes: string, tree: string): string {
  return notes.replace(/(?<=\]\()(?!#|[a-z]+:)(?=[^)\s]+\))/g, `${tree.replace(/\/*$/, '')}/`);
}

const textOf = (section: string): string => section.slice(section.indexOf('\n') + 1).trim();

/** `[0.2.0] - 2026-12-01` is 0.2.0's. */
function titleOf(section: string): string {
  return /^\[?([^\]\s]*)/.exec(section)?.[1] ?? '';
}
