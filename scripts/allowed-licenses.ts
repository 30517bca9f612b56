/**
 * Which licences a package may have that is shipped: those that ask for no more than their text, which goes along.
 * Debian's libraries have others, for programs that are linked with them.
 */
export const allowedLicenses: readonly string[] = [
  'MIT',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  '0BSD',
  'PSF-2.0',
  'Unlicense',
];

/**
 * @param license an SPDX expression of identifiers with AND and OR, where AND binds more tightly
 * @throws Error that names the package, if the licence is not allowed
 */
export function requireAllowed(name: string, license: string | undefined): string {
  const isAllowed = license
    ?.replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => allowedLicenses.includes(one)));
  if (license !== undefined && isAllowed === true) return license;
  throw new Error(
    `${name} has the license ${license ?? '(none)'}, which is not in scripts/allowed-licenses.ts: use another package, or allow the license if it may be shipped`,
  );
}
