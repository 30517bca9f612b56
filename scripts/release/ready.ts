/** Whether a commit is ready to be a release: the steps of docs/contributing/releasing.md that leave a trace. */

export interface Ready {
  readonly version: string;
  /** The commit's hash. */
  readonly revision: string;
  /** The commit that has the tag of the version; undefined where none has it. */
  readonly tagged: string | undefined;
  /** The CRDs' schemas as they are kept for the version; undefined where none are. */
  readonly keptSchemas: string | undefined;
  /** And as they are today. */
  readonly schemas: string;
}

/** @throws Error that says which step is missing */
export function checkReady({ version, revision, tagged, keptSchemas, schemas }: Ready): void {
  if (tagged !== undefined && tagged !== revision)
    throw new Error(
      `The tag v${version} is commit ${tagged.slice(0, 7)}, and this is ${revision.slice(0, 7)}: what was released never changes; check that commit out, or set a new version in package.json.`,
    );
  const file = `test/definitions/released/${version}.json`;
  const write = 'write it by `npx tsx scripts/release/keep-schemas.ts`, and commit it';
  if (keptSchemas === undefined) throw new Error(`${file} is missing: ${write}.`);
  if (keptSchemas !== schemas)
    throw new Error(
      `${file} has other schemas than the CRDs: if ${version} was not released yet, ${write}; else set a new version in package.json.`,
    );
}
