/** Style and purity. Which room may import what is in rooms.ts, and circles of imports are refused there, too. */
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'out', '.cache', '**/*.gen.ts', 'docs/site'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
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
  {
    // What the command line touches of its process is in io.ts, so that tests give it another.
    files: ['controller/src/cli/**/*.ts'],
    ignores: ['**/*.test.ts', 'controller/src/cli/io.ts', 'controller/src/cli/main.ts'],
    rules: {
      'no-restricted-globals': ['error', { name: 'process', message: 'Take it from Io: controller/src/cli/io.ts.' }],
    },
  },
  { files: ['eslint.config.js'], ...tseslint.configs.disableTypeChecked },
);
