// Generated from addon/resources/crd-tasktemplate.yaml by `npm run generate`. Do not edit.
export interface TaskTemplateSpec {
  /**
   * Its purpose, for people.
   */
  description?: string;
  /**
   * What whoever uses it may say. $(params.NAME) in any text of template and job is the value; where it is all of the text the value keeps its type, unless a pod has only text there, as in commands, values, labels and annotations.
   */
  parameters?: {
    name: string;
    /**
     * string where nothing is said.
     */
    type?: "string" | "integer" | "number" | "boolean";
    description?: string;
    default?: unknown;
    /**
     * The allowed values (default: all).
     */
    enum?: unknown[];
  }[];
  /**
   * The pod template.
   */
  template: {
    /**
     * As of a pod.
     */
    spec?: {
      /**
       * Never when left out.
       */
      restartPolicy?: string;
      [k: string]: unknown;
    };
    [k: string]: unknown;
  };
  /**
   * Further fields of the JobSpec. What the Task or step says itself counts.
   */
  job?: {
    [k: string]: unknown;
  };
  /**
   * As of a Task that says nothing else.
   */
  retry?: {
    limit: number;
    delaySeconds?: number;
    backoff?: "Constant" | "Exponential";
  };
  /**
   * As of a Task that says nothing else.
   */
  timeoutSeconds?: number;
  /**
   * As of a Task that says nothing else.
   */
  outputs?: {
    name: string;
    /**
     * string where nothing is said.
     */
    type?: "string" | "integer" | "number" | "boolean" | "object" | "array";
    /**
     * true where nothing is said: a run that does not write it fails.
     */
    required?: boolean;
  }[];
}
