/**
 * The documentation as a site: the same Markdown that people read in the repository, README.md as its first page. `npm
 * run docs` builds it into dist/docs, and fails where a link leads to no page. Nothing is fetched while it is built or
 * read: fonts and search are part of the site.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type DefaultTheme } from 'vitepress';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Folders below docs/ in the order in which a reader meets them; others follow by name. */
const order = ['tutorials', 'concepts', 'guides', 'operations', 'reference', 'contributing', 'decisions'];
/** Pages outside docs/. */
const others = ['CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'sandbox/README.md', 'addon/README.md'];

const pages = [
  ...others,
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.startsWith('site/'))
    .map((file) => `docs/${file}`),
]
  .filter((file) => titleOf(file) !== undefined)
  .sort();

/** The address of a page below the site: docs/ is left out, and a folder's README is its index. */
function addressOf(page: string): string {
  return page.replace(/^docs\//, '').replace(/(^|\/)README\.md$/, '$1index.md');
}

const rewrites: Record<string, string> = {
  'README.md': 'index.md',
  ...Object.fromEntries(pages.map((page) => [page, page === 'docs/README.md' ? 'docs.md' : addressOf(page)])),
};

/** The page in the repository that stands at an address. */
const sources = new Map(Object.entries(rewrites).map(([page, address]) => [address, page]));

/** The first heading; undefined where there is no such page. */
function titleOf(page: string): string | undefined {
  try {
    const heading = /^# +(.+)$/m.exec(readFileSync(join(root, page), 'utf8'))?.[1];
    return (heading ?? page).replaceAll('`', '');
  } catch {
    return undefined;
  }
}

const itemOf = (page: string): DefaultTheme.SidebarItem => ({
  text: titleOf(page) ?? page,
  link: `/${(rewrites[page] ?? page).replace(/(index)?\.md$/, '')}`,
});

function groupOf(folder: string): DefaultTheme.SidebarItem {
  const inside = pages.filter((page) => page.startsWith(`docs/${folder}/`));
  const here = inside.filter((page) => !page.slice(`docs/${folder}/`.length).includes('/'));
  const below = inside.filter((page) => !here.includes(page));
  return {
    text: `${folder.charAt(0).toUpperCase()}${folder.slice(1)}`,
    collapsed: folder === 'decisions',
    items: [...here.map(itemOf), ...below.map(itemOf)],
  };
}

function sidebar(): DefaultTheme.SidebarItem[] {
  const folders = [...new Set(pages.flatMap((page) => /^docs\/([^/]+)\//.exec(page)?.[1] ?? []))];
  const ordered = [
    ...order.filter((folder) => folders.includes(folder)),
    ...folders.filter((one) => !order.includes(one)),
  ];
  const top = pages.filter((page) => /^docs\/[^/]+$/.test(page));
  return [
    { text: 'task-runs', items: [{ text: 'What it is', link: '/' }, ...top.map(itemOf)] },
    ...ordered.map(groupOf),
    { text: 'Project', items: pages.filter((page) => others.includes(page)).map(itemOf) },
  ];
}

/** As GitHub makes anchors, so that a link works in the repository and on the site. */
const slugify = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

/** What is read of markdown-it's tokens. */
interface Token {
  readonly type: string;
  children: Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}

/**
 * Links are written as they lead from file to file in the repository. On the site a page's address is another one, and
 * what is no page, such as a source file or a folder, is not there: its link becomes plain text.
 */
function relink(tokens: Token[], page: string): Token[] {
  const kept: Token[] = [];
  let dropping = false;
  for (const token of tokens) {
    if (token.type === 'link_close' && dropping) {
      dropping = false;
      continue;
    }
    const href = token.type === 'link_open' ? token.attrGet('href') : null;
    if (href !== null && !/^([a-z][a-z\d+.-]*:|#)/i.test(href)) {
      const [path = '', anchor] = href.split('#');
      const target = normalize(join(dirname(page), decodeURIComponent(path)));
      const address = rewrites[target];
      if (address === undefined && !target.endsWith('.md')) {
        dropping = true;
        continue;
      }
      token.attrSet('href', `/${address ?? target}${anchor === undefined ? '' : `#${anchor}`}`);
    }
    kept.push(token);
  }
  return kept;
}

export default defineConfig({
  title: 'task-runs',
  description:
    'One-off and scheduled work on Kubernetes through KubeVela: every deployment of a task is a run of its own.',
  srcDir: root,
  srcExclude: ['**/node_modules/**', 'dist/**', 'out/**', '.cache/**', 'test/**'],
  outDir: join(root, 'dist/docs'),
  cacheDir: join(root, '.cache/vitepress'),
  rewrites,
  ignoreDeadLinks: false,
  metaChunk: true,
  markdown: {
    anchor: { slugify },
    // A shape such as {name: string} is text.
    attrs: { disable: true },
    config(md) {
      md.core.ruler.push('repository-links', (state) => {
        const { relativePath } = state.env as { relativePath: string };
        const page = sources.get(relativePath) ?? relativePath;
        for (const token of state.tokens as Token[]) {
          if (token.children) token.children = relink(token.children, page);
        }
      });
    },
  },
  themeConfig: {
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    search: { provider: 'local' },
  },
});
