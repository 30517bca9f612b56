/** What somebody may do, in the words of the cluster. */

/** A right, as RBAC names it. */
export interface Right {
  readonly verb: 'get' | 'list' | 'create' | 'patch' | 'delete';
  readonly resource: 'tasks' | 'taskruns' | 'pods/log' | 'pods' | 'jobs' | 'namespaces';
}

/** Who has rights: the cluster knows which. */
export interface Somebody {
  readonly name: string;
  /**
   * Whether they may do that in a namespace; undefined means all namespaces. @throws ApiError if the cluster cannot be
   * reached
   */
  may(right: Right, namespace: string | undefined): Promise<boolean>;
  /** @throws ApiProblem Forbidden, which names the missing right */
  require(right: Right, namespace: string | undefined): Promise<void>;
}
