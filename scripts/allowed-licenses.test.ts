import { expect, it } from 'vitest';
import { requireAllowed } from './allowed-licenses.ts';

it.each(['MIT', 'MIT AND ISC', '(GPL-3.0-only OR MIT)', 'GPL-2.0-only OR MIT AND Apache-2.0'])(
  'lets a package with %s be shipped',
  (license) => expect(requireAllowed('a', license)).toBe(license),
);

it.each([undefined, '', 'GPL-3.0-only', 'MIT AND GPL-3.0-only', 'UNLICENSED', 'SEE LICENSE IN x'])(
  'refuses a package with %s',
  (license) => expect(() => requireAllowed('left-pad', license)).toThrow(/^left-pad has the license .*, which is not/),
);
