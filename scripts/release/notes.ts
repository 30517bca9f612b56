/**
 * The section of a version in a changelog of the form of keepachangelog.com.
 * @param changelog such as CHANGELOG.md's text
 * @param version `0.2.0`, or `Unreleased`
 * @returns its text without its heading
 * @throws Error when there is no such section, or nothing in it
 */
export function notesOf(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const found = sections.find((section) => titleOf(section) === version);
  if (found === undefined)
    throw new Error(
      `CHANGELOG.md has no section for ${version}, only for ${sections.map(titleOf).join(', ')}: rename "## [Unreleased]" to "## [${version}] - <date>", or correct the version in package.json.`,
    );
  const text = found.slice(found.indexOf('\n') + 1).trim();
  if (text === '') throw new Error(`CHANGELOG.md says nothing under ${version}: write what people meet differently.`);
  return `${text}\n`;
}

/** `[0.2.0] - 2026-12-01` is 0.2.0's. */
function titleOf(section: string): string {
  return /^\[?([^\]\s]*)/.exec(section)?.[1] ?? '';
}
