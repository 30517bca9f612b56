/** Reads for people whose token the API server does not accept: with the controller's rights, what they may read. */
import { ApiError } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { resourceName, type ResourceType } from '../kube/objects.ts';
import { jobs, namespaces, pods } from '../kube/resources.ts';
import { taskRuns } from '../cluster/resource-types.ts';
import type { Right, Somebody } from './right.ts';

/** What reading takes of a client. It has no way to a pod's log. */
export type Reader = Pick<Client, 'get' | 'list'>;

const readable: Readonly<Record<string, Right['resource']>> = {
  [resourceName(taskRuns)]: 'taskruns',
  [resourceName(pods)]: 'pods',
  [resourceName(jobs)]: 'jobs',
  [resourceName(namespaces)]: 'namespaces',
};

/**
 * Asks before each call whether the person may do it, and refuses as the API server would.
 * @param client the controller's own
 */
export function reviewedReader(client: Reader, person: Somebody): Reader {
  const allow = async (verb: 'get' | 'list', type: ResourceType, namespace: string | undefined): Promise<void> => {
    const resource = readable[resourceName(type)];
    if (resource !== undefined && (await person.may({ verb, resource }, namespace))) return;
    throw new ApiError(
      { verb, resource: resourceName(type), kind: type.kind, namespace },
      { status: 403, reason: 'Forbidden', message: `${person.name} may not ${verb} ${resourceName(type)}` },
    );
  };
  return {
    async get(type, ref, options) {
      // A namespace is looked at with the rights in it, as the API server does.
      await allow('get', type, type.kind === namespaces.kind ? ref.name : ref.namespace);
      return client.get(type, ref, options);
    },
    async *list(type, options) {
      await allow('list', type, options?.namespace);
      yield* client.list(type, options);
    },
  };
}
