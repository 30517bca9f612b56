/** A file that is made of others and committed beside them. */
export interface GeneratedFile {
  /** Its path below the repository. */
  readonly target: string;
  readonly text: string;
}
