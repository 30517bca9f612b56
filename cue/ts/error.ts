/**
 * A place in a CUE source. `path` is the CUE path of the value that is wrong, such as
 * `parameter.executionPolicy.keeplast`.
 */
export interface CuePosition {
  readonly line: number;
  readonly column: number;
  /** `definition.cue`, or what was filled in: `parameter`, `context`. */
  readonly file: string;
  readonly path: string;
}

/** At which step of KubeVela's rendering an error came up. */
export type CueStage =
  | ''
  | 'definition'
  | 'template'
  | 'compile'
  | 'parameter'
  | 'context'
  | 'validate'
  | 'output'
  | 'outputs'
  | 'patch'
  | 'errs'
  | 'step'
  | 'evaluate';

/** What the CUE evaluator reports, in its own words. */
export interface CueErrorReport {
  readonly message: string;
  readonly stage: CueStage;
  readonly messages: readonly string[];
  readonly positions: readonly CuePosition[];
}

/**
 * An error of CUE: `message` is what KubeVela prints (the first error and how many more), `messages` are all of them.
 */
export class CueError extends Error implements CueErrorReport {
  override readonly name = 'CueError';
  readonly stage: CueStage;
  readonly messages: readonly string[];
  readonly positions: readonly CuePosition[];

  constructor(report: CueErrorReport) {
    super(report.message);
    this.stage = report.stage;
    this.messages = report.messages;
    this.positions = report.positions;
  }
}
