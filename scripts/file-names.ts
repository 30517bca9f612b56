/**
 * Finds the names of source files in documentation and comments, so that a check can say which of them no longer exist.
 */
export interface FileName {
  readonly line: number;
  readonly name: string;
}

/** What is built or measured is not in the repository. */
const made = /^(?:dist|out)\//;
/**
 * `*.test.ts` is a pattern, `spec.schematic.cue` a path in an object, NAME.cue a place to fill in, and what follows a
 * host is an address. Pages outside a folder may be anybody's, such as a release's notes.
 */
const named =
  /(?<![\w./@:$*<>{}-])(?:\.\.?\/)*((?:[a-z][\w-]*\/)+(?:README|[a-z][\w-]*)\.md|(?:[a-z][\w-]*\/)*[a-z][\w-]*(?:\.test)?\.(?:ts|tsx|cue|css))(?![\w/*-])/g;
const comment = /^\s*(?:\/\/|\*|\/\*|#).*|\s\/\/\s.*/;

/** @returns the source files that a page names, or the comments of any other file, in their order */
export function findFileNames(text: string, kind: 'page' | 'source'): readonly FileName[] {
  return text.split('\n').flatMap((content, index) => {
    const said = kind === 'page' ? content : (comment.exec(content)?.[0] ?? '');
    return [...said.matchAll(named)].flatMap(([, name = '']) => (made.test(name) ? [] : [{ line: index + 1, name }]));
  });
}

/** Whether a file has that name, or a path that ends so: pages name files from where their reader stands. */
export function existsAs(name: string, files: readonly string[]): boolean {
  return files.some((file) => file === name || file.endsWith(`/${name}`));
}
