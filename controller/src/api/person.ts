/**
 * Who the person is, and what they may do. The cluster answers both (TokenReview, SubjectAccessReview), and its answers
 * are cached for a few seconds.
 */
import { createHash } from 'node:crypto';
import { BoundedMap } from '../kube/bounded-map.ts';
import type { Client } from '../kube/client.ts';
import { systemClock, type Clock } from '../kube/clock.ts';
import { resourceType, type KubeObject } from '../kube/objects.ts';
import { ApiProblem } from './problems.ts';
import { ReviewLine, type ReviewLimits } from './review-line.ts';

interface TokenReview extends KubeObject {
  spec: { token: string };
  status?: { authenticated?: boolean; user?: UserInfo; error?: string };
}

interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: string[];
  readonly extra?: Record<string, string[]>;
}

interface AccessReview extends KubeObject {
  spec: {
    user: string;
    uid?: string;
    groups?: string[];
    extra?: Record<string, string[]>;
    resourceAttributes: Record<string, string>;
  };
  status?: { allowed?: boolean; reason?: string };
}

const tokenReviews = resourceType<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
});
const accessReviews = resourceType<AccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
});

/** A right, as RBAC names it. */
export interface Right {
  readonly verb: 'get' | 'list' | 'create' | 'patch' | 'delete';
  readonly resource: 'tasks' | 'taskruns' | 'pods/log';
}

/** A person whose token the cluster accepts. */
export interface Person {
  readonly name: string;
  /** A client that acts with the person's rights. */
  readonly client: Client;
  /**
   * Whether they may do that in a namespace; undefined means all namespaces. @throws ApiError if the cluster cannot be
   * reached
   */
  may(right: Right, namespace: string | undefined): Promise<boolean>;
  /** @throws ApiProblem Forbidden, which names the missing right */
  require(right: Right, namespace: string | undefined): Promise<void>;
}

/** How long an answer is cached. A right that is removed, or a token that is revoked, still works for this time. */
export const rememberedMs = 10_000;
const mostPeople = 1_000;
const mostRights = 10_000;
const longestToken = 16_384;
/** How many unknown tokens the cluster is asked about; the client has 32 calls in flight at most. */
const guesses: ReviewLimits = { atOnce: 4, waiting: 50 };

interface Remembered<T> {
  readonly until: number;
  readonly value: Promise<T>;
}

/** Identifies people by their tokens. */
export class People {
  readonly #client: Client;
  readonly #clock: Clock;
  /** Those whose tokens the cluster accepted, when it was last asked or before. */
  readonly #people = new BoundedMap<string, Remembered<Person | undefined>>(mostPeople);
  /** All other tokens, apart: whoever makes them up displaces nobody. */
  readonly #guesses = new BoundedMap<string, Remembered<Person | undefined>>(mostPeople);
  readonly #line = new ReviewLine(guesses);
  readonly #rights = new BoundedMap<string, Remembered<boolean>>(mostRights);

  /** @param client the controller's own, which may create TokenReviews and SubjectAccessReviews */
  constructor(client: Client, clock: Clock = systemClock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * @param address where the request comes from
   * @throws ApiProblem Unauthenticated, or TooManyRequests if too many tokens from there wait to be checked; ApiError
   *   if the cluster cannot be reached
   */
  async of(token: string | undefined, address = ''): Promise<Person> {
    if (token === undefined || token === '' || token.length > longestToken)
      throw unauthenticated('send `Authorization: Bearer <token>`');
    // The token itself is not used as the key: memory may be written to disk.
    const key = createHash('sha256').update(token).digest('base64');
    const person = this.#people.get(key)
      ? await this.#remember(this.#people, key, () => this.#review(token))
      : await this.#remember(this.#guesses, key, () => this.#guess(token, key, address));
    if (person === undefined)
      throw unauthenticated(
        'the cluster does not accept this token, or it has expired: get another, for example with `kubectl create token`',
      );
    return person;
  }

  /** Whoever was accepted once waits in no line from then on. */
  async #guess(token: string, key: string, address: string): Promise<Person | undefined> {
    const person = await this.#line.run(address, () => this.#review(token));
    if (person)
      this.#people.set(key, { until: this.#clock.monotonic() + rememberedMs, value: Promise.resolve(person) });
    return person;
  }

  async #review(token: string): Promise<Person | undefined> {
    const { status } = await this.#client.create(tokenReviews, { spec: { token } });
    const user = status?.user;
    if (status?.authenticated !== true || user?.username === undefined) return undefined;
    const name = user.username;
    const may = (right: Right, namespace: string | undefined): Promise<boolean> =>
      this.#remember(this.#rights, JSON.stringify([user, right, namespace]), () => this.#ask(user, right, namespace));
    return {
      name,
      client: this.#client.as(token),
      may,
      async require(right, namespace) {
        if (!(await may(right, namespace))) throw forbidden(name, right, namespace);
      },
    };
  }

  async #ask(
    { username = '', uid, groups, extra }: UserInfo,
    { verb, resource }: Right,
    namespace: string | undefined,
  ): Promise<boolean> {
    const [plural = '', subresource] = resource.split('/');
    const group = plural === 'pods' ? '' : 'task.oam.dev';
    const resourceAttributes = {
      verb,
      group,
      resource: plural,
      ...(subresource !== undefined && { subresource }),
      ...(namespace !== undefined && { namespace }),
    };
    const spec = {
      user: username,
      ...(uid !== undefined && { uid }),
      ...(groups && { groups }),
      ...(extra && { extra }),
      resourceAttributes,
    };
    return (await this.#client.create(accessReviews, { spec })).status?.allowed === true;
  }

  #remember<T>(map: BoundedMap<string, Remembered<T>>, key: string, ask: () => Promise<T>): Promise<T> {
    const known = map.get(key);
    const now = this.#clock.monotonic();
    if (known && known.until > now) return known.value;
    const value = ask();
    map.set(key, { until: now + rememberedMs, value });
    // After a failure the review is repeated at once, unless that has already happened because the failure took so
    // long.
    value.catch(() => {
      if (map.get(key)?.value === value) map.set(key, { until: 0, value });
    });
    return value;
  }
}

function unauthenticated(remedy: string): ApiProblem {
  return new ApiProblem('Unauthenticated', `the request is not authenticated: ${remedy}`);
}

function forbidden(name: string, { verb, resource }: Right, namespace: string | undefined): ApiProblem {
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  // The right to logs is in Kubernetes' own roles, not in the addon's.
  const remedy =
    resource === 'pods/log'
      ? "ask for Kubernetes' role view, or another role that includes it"
      : 'ask for the role task-runs-view to read, task-runs-run to run and cancel, or task-runs-edit for everything else';
  return new ApiProblem('Forbidden', `${name} may not ${verb} ${resource} ${where}: ${remedy}`);
}
