/**
 * The links and headings of a Markdown page, as far as our pages use Markdown: no nested brackets in a link's text, no
 * setext headings.
 */

/** A link to a place in this repository. */
export interface Link {
  /** As in the page, such as `../README.md#install`. */
  readonly target: string;
  readonly line: number;
}

const forms = [
  // [text](target), ![text](target), [![picture](target)](target)
  /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g,
  // [text]: target
  /^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s+"[^"]*")?\s*$/gm,
  // <img src="target">, <a href="target">
  /<(?:img|a|source)\b[^>]*?\b(?:src|href|srcset)="([^"]+)"/g,
];

/** The links of a page that are not to another site, in the order of their lines. */
export function linksIn(text: string): readonly Link[] {
  const prose = proseOf(text);
  return forms
    .flatMap((form) => [...prose.matchAll(form)])
    .map(({ 1: target = '', index }) => ({ target, line: prose.slice(0, index).split('\n').length }))
    .filter(({ target }) => !/^[a-z][a-z\d+.-]*:/i.test(target))
    .sort((a, b) => a.line - b.line);
}

/** What may stand after # in a link to the page: its headings as GitHub makes anchors of them, and ids of elements. */
export function anchorsIn(text: string): ReadonlySet<string> {
  const withoutCode = withoutBlocks(text);
  const seen = new Map<string, number>();
  const headings = [...withoutCode.matchAll(/^#{1,6} +(.+?)(?: +#+)? *$/gm)].map(([, heading = '']) => {
    const slug = slugOf(heading);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
  const ids = [...withoutCode.matchAll(/<\w+\b[^>]*?\b(?:id|name)="([^"]+)"/g)].map(([, id = '']) => id);
  return new Set([...headings, ...ids]);
}

function slugOf(heading: string): string {
  return heading
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

/** The page with code and comments blanked out, so that every line keeps its number. */
function proseOf(text: string): string {
  return withoutBlocks(text).replaceAll(/(`+)(?!`)[^]*?[^`]\1(?!`)/g, blank);
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^( *)(```+|~~~+).*\n[^]*?^ *\2.*$/gm, blank).replaceAll(/<!--[^]*?-->/g, blank);
}

const blank = (found: string): string => found.replaceAll(/[^\n]/g, ' ');
