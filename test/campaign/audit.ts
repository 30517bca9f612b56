/** What the API server's audit log says was changed: the words of nobody whom a campaign judges. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { parse } from 'node:path';
import { createInterface } from 'node:readline';
import type { KubeObject } from '../../controller/src/kube/objects.ts';

/** A request that changes something, and what came of it. */
export interface Change {
  /** When it reached the API server, and when it was answered: milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly user: string;
  readonly verb: string;
  /** Such as `jobs`, or `taskruns/status`. */
  readonly what: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
  /** The object as it was after the change, where the policy of the log asks for it. */
  readonly object?: KubeObject;
}

/** An audit.k8s.io/v1 Event, as far as it is read. */
interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly responseObject?: KubeObject;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/**
 * The changes of some namespaces, in the order in which they were answered.
 * @param from the byte at which to begin
 * @throws Error where the log goes on in another file: what was not read cannot be judged
 */
export async function readAudit(file: string, namespaces: ReadonlySet<string>, from = 0): Promise<Change[]> {
  const { dir, name, ext } = parse(file);
  const others = (await readdir(dir)).filter((other) => other.startsWith(`${name}-`) && other.endsWith(ext));
  if (others.length > 0)
    throw new Error(`The audit log ${file} is not whole: the API server began it again after ${others.join(', ')}.`);
  const changes: Change[] = [];
  for await (const line of createInterface({ input: createReadStream(file, { start: from }) })) {
    // A program that was killed leaves half a line.
    if (!line.endsWith('}')) continue;
    const change = changeOf(JSON.parse(line) as AuditEvent);
    if (change && namespaces.has(change.namespace)) changes.push(change);
  }
  return changes.sort((one, other) => one.until - other.until);
}

function changeOf(event: AuditEvent): Change | undefined {
  const { verb, requestURI, user, objectRef, responseObject } = event;
  if (!objectRef || /[?&]dryRun=/.test(requestURI)) return undefined;
  // A Status is a refusal, or what a deletion came to.
  const object = responseObject?.kind === 'Status' ? undefined : responseObject;
  const { resource, subresource, namespace = '', name = nameOf(object) } = objectRef;
  return {
    from: Date.parse(event.requestReceivedTimestamp),
    until: Date.parse(event.stageTimestamp),
    user: user.username,
    verb,
    what: [resource, subresource].filter((part) => part !== undefined).join('/'),
    namespace,
    name,
    code: event.responseStatus?.code ?? 0,
    ...(object && { object }),
  };
}

/** A name that the API server generates is in its answer alone. */
const nameOf = (object: KubeObject | undefined): string => object?.metadata?.name ?? '';
