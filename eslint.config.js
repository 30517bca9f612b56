import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';

/** Folders of controller/src from the inside out: a folder may import itself and those before it. */
const inward = (allowed, forbidden) => ({
  files: [`controller/src/${allowed}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: forbidden.map((folder) => ({
          group: folder,
          message: `${allowed}/ must not import this: imports point inward only (see docs/architecture.md).`,
        })),
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'out', '.cache', '**/*.gen.ts'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
    },
    rules: {
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      // Prettier cannot break sentences and regular expressions; a sentence that a person reads is searched for whole.
      'max-len': [
        'error',
        { code: 120, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true },
      ],
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
      'import-x/no-cycle': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    // Each is one plain list: of API calls, of parts to start, of metrics.
    files: ['controller/src/kube/client.ts', 'controller/src/manager.ts', 'controller/src/server/metrics.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', 'max-lines': 'off' },
  },
  inward('domain', [
    ['**/kube/**', '**/controllers/**', '**/api/**', '**/cli/**'],
    [
      '@kubernetes/client-node',
      'undici',
      'pino',
      'prom-client',
      'express',
      'node:fs',
      'node:fs/*',
      'node:net',
      'node:http',
      'node:https',
      'node:child_process',
      'node:process',
      'node:timers',
      'node:timers/*',
    ],
  ]),
  {
    files: ['controller/src/domain/**/*.ts', 'controller/src/plan/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'This reads no environment: pass what it needs.' },
        { name: 'setTimeout', message: 'This does not wait: return a wakeAt action.' },
        { name: 'fetch', message: 'This does no I/O.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'This has no clock: take `now`.' },
        { object: 'Math', property: 'random', message: 'This has no randomness: derive from uids.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'This has no clock: take `now`.',
        },
      ],
    },
  },
  inward('kube', [['**/controllers/**', '**/api/**', '**/cli/**', '**/domain/**']]),
  inward('controllers', [['**/api/**', '**/cli/**']]),
  inward('requests', [['**/api/**', '**/archive/**', '**/cli/**', '**/server/**']]),
  inward('logs', [['**/api/**', '**/archive/**', '**/cli/**', '**/server/**']]),
  inward('archive', [['**/api/**', '**/cli/**']]),
  inward('api', [['**/cli/**']]),
  // What it renders with is passed in; it takes no more from outside than the domain does, but for reading YAML.
  inward('plan', [
    [
      '**/kube/**',
      '**/controllers/**',
      '**/api/**',
      '**/cli/**',
      '**/server/**',
      '**/cue/**',
      'node:*',
      '!node:crypto',
    ],
  ]),
  // A plan for a live cluster starts from what the controller's caches would have of it.
  inward('cli', [['**/server/**', '**/controllers/*']]),
  {
    files: ['controller/src/cli/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/api/*', '!**/api/schemas.ts', '**/archive/*'],
              message: 'cli/ knows of the REST API its shapes alone, and of the archive nothing: api/schemas.ts.',
            },
            {
              group: ['**/api/schemas.ts'],
              allowTypeImports: true,
              message: 'cli/ takes types alone from the REST API: import type.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['console/src/**/*.ts', 'console/src/**/*.tsx'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                '**/controller/src/**',
                '!**/controller/src/api',
                '!**/controller/src/api/schemas.ts',
                'node:*',
                '**/sandbox/**',
                '**/cue/**',
              ],
              message: 'console/ runs in a browser and knows of the rest only what the REST API says.',
            },
            {
              group: ['**/api/schemas.ts'],
              allowTypeImports: true,
              message: 'console/ takes types alone from the REST API: import type.',
            },
          ],
        },
      ],
    },
  },
  { files: ['eslint.config.js'], ...tseslint.configs.disableTypeChecked },
);
