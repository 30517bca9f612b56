/** Bundles a program into one file of JavaScript, or a few, with nothing beside them but Node. */
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, dirname, extname } from 'node:path';
import { build, transform, type Plugin } from 'esbuild';
import packageJson from '../package.json' with { type: 'json' };

/**
 * What is imported but never used is left out: each module costs memory and time at every start. Of client-node that is
 * all but KubeConfig, of undici all but its pool of connections.
 */
const onlyWhatIsUsed: Plugin = {
  name: 'only-what-is-used',
  setup(bundle) {
    // client-node's own index leads to a thousand modules, one for each kind of object.
    bundle.onLoad({ filter: /\/@kubernetes\/client-node\/dist\/index\.js$/ }, ({ path }) => ({
      resolveDir: dirname(path),
      contents: "export { KubeConfig } from './config.js';",
    }));
    bundle.onLoad({ filter: /\/@kubernetes\/client-node\/dist\/gen\/index\.js$/ }, ({ path }) => ({
      resolveDir: dirname(path),
      contents: `
        export { createConfiguration } from './configuration.js';
        export { ServerConfiguration } from './servers.js';`,
    }));
    // undici's index evaluates fetch, WebSocket, caches and cookies, too.
    bundle.onLoad({ filter: /\/node_modules\/undici\/index\.js$/ }, ({ path }) => ({
      resolveDir: dirname(path),
      contents: `
        Object.assign(require('./lib/dispatcher/dispatcher').prototype, require('./lib/api'));
        exports.Agent = require('./lib/dispatcher/agent');
        exports.ProxyAgent = require('./lib/dispatcher/proxy-agent');`,
    }));
  },
};

/**
 * Node's own modules are loaded when something of theirs is used first. An `import` of one stands at the top of a
 * bundle, even if only a module that is imported later needs it, and reads all that it exports: of `node:http` that
 * loads Node's own undici. A quarter of the time in which the command line started went there.
 */
const nodesModulesWhenUsed: Plugin = {
  name: 'nodes-modules-when-used',
  setup(bundle) {
    bundle.onResolve({ filter: /^[a-z_:/]+$/ }, ({ path, kind }) =>
      kind === 'import-statement' && isBuiltin(path) ? { path, namespace: 'node' } : undefined,
    );
    bundle.onLoad({ filter: /./, namespace: 'node' }, ({ path }) => ({ contents: loadedWhenUsed(path) }));
  },
};

/** CommonJS that has the same exports as a module of Node's. */
function loadedWhenUsed(path: string): string {
  const module = process.getBuiltinModule(path) ?? {};
  // Some are a function with properties, such as node:events: people import the function itself.
  if (typeof module === 'function') return `module.exports = process.getBuiltinModule('${path}');`;
  return `
    let loaded;
    const load = () => (loaded ??= process.getBuiltinModule('${path}'));
    for (const name of ${JSON.stringify(Object.keys(module))})
      Object.defineProperty(module.exports, name, { enumerable: true, get: () => load()[name] });`;
}

/**
 * The text of a bundle stays in memory, and takes two bytes for each letter if one is beyond Latin-1, as some are in
 * comments of libraries: ten megabytes for the controller, in place of five.
 */
const withoutComments: Plugin = {
  name: 'without-comments',
  setup(bundle) {
    bundle.onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const { code } = await transform(text, { minifyWhitespace: true, sourcemap: 'inline', sourcefile: path });
      return { contents: code };
    });
  },
};

/** What is parsed costs memory, though it never runs: some modules are in files of their own. */
const leftApart = (apart: Readonly<Record<string, string>>): Plugin => ({
  name: 'left-apart',
  setup(bundle) {
    bundle.onResolve({ filter: /^\./ }, ({ path, kind }) => {
      const file = kind === 'dynamic-import' ? apart[path] : undefined;
      return file === undefined ? undefined : { path: file, external: true };
    });
  },
});

const oldestNode = Number(/\d+/.exec(packageJson.engines.node)?.[0]);

/**
 * Stands before everything else in a bundle: an older Node would fail at some later line, with words that do not say
 * why.
 */
const needsNode = `
if (Number(process.versions.node.split('.')[0]) < ${oldestNode}) {
  console.error('task-runs needs Node ${oldestNode} or newer, and this is ' + process.version + ': install a newer Node from nodejs.org.');
  process.exit(1);
}`.trim();

export interface Bundle {
  readonly entry: string;
  readonly outfile: string;
  /** Its first line, `#!...`, for a file that is a program by itself. */
  readonly shebang?: string;
  readonly sourcemap: boolean;
  readonly minify: boolean;
  /**
   * Whether what is imported when it is needed is in files of its own beside it, `part-*.js`: what a command does not
   * use is not read. Default false.
   */
  readonly parts?: boolean;
  /**
   * Modules that are imported when they are needed, such as `./otlp.ts`, and the files beside the bundle that they are
   * then read from.
   */
  readonly apart?: Readonly<Record<string, string>>;
}

/** @returns the files that are in it, from the working directory */
export async function bundle({
  entry,
  outfile,
  shebang,
  sourcemap,
  minify,
  parts = false,
  apart = {},
}: Bundle): Promise<string[]> {
  // Some of what is bundled is CommonJS and calls require() for Node's own modules.
  const require =
    "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";
  const lines = [...(shebang === undefined ? [] : [shebang]), needsNode, require];
  const { metafile } = await build({
    entryPoints: [{ in: entry, out: basename(outfile, extname(outfile)) }],
    outdir: dirname(outfile),
    outExtension: { '.js': extname(outfile) },
    splitting: parts,
    chunkNames: 'part-[hash]',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    sourcemap,
    minify,
    // A native library, which pg does without where it is not there.
    external: ['pg-native'],
    plugins: [nodesModulesWhenUsed, onlyWhatIsUsed, leftApart(apart), withoutComments],
    banner: { js: lines.join('\n') },
    logLevel: 'warning',
    metafile: true,
  });
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((file) => (inputs[file]?.bytesInOutput ?? 0) > 0),
  );
}
