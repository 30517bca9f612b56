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
import { reviewedReader, type Reader } from './reviewed-reader.ts';
import type { Right, Somebody } from './right.ts';
import { sharerOf } from './sharer.ts';
import { reviewToken, type UserInfo } from './token-review.ts';

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

const accessReviews = resourceType<AccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
});

/** A person whose token the cluster accepts. */
export interface Person extends Somebody {
  /** Whether their token is for reading only: the API server does not accept it, and is never sent it as a login. */
  readonly onlyReads: boolean;
  /** Reads what the person may read. */
  readonly reader: Reader;
  /**
   * A client that acts with the person's rights.
   * @param what takes it, as the refusal begins
   * @throws ApiProblem ReadingToken if their token is for reading only
   */
  acting(what: string): Client;
}

/** How long an answer is cached. A right that is removed, or a token that is revoked, still works for this time. */
export const rememberedMs = 10_000;
const mostPeople = 1_000;
const mostRights = 10_000;
const longestToken = 16_384;
/** How many unknown tokens the cluster is asked about; the client has 32 calls in flight at most. */
const guesses: ReviewLimits = { atOnce: 4, waiting: 50, what: 'tokens from your address' };
/** How many rights the cluster is asked about. */
const questions: ReviewLimits = { atOnce: 16, waiting: 1_000, what: 'questions about your rights' };

/** The API groups of resources that are not ours. */
const foreignGroups: Readonly<Record<string, string>> = { pods: '', namespaces: '', jobs: 'batch' };

interface Remembered<T> {
  readonly until: number;
  readonly value: Promise<T>;
}

/** Identifies people by their tokens. */
export class People {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #audience: string | undefined;
  /** Those whose tokens the cluster accepted, when it was last asked or before. */
  readonly #people = new BoundedMap<string, Remembered<Person | undefined>>(mostPeople);
  /** All other tokens, apart: whoever makes them up displaces nobody. */
  readonly #guesses = new BoundedMap<string, Remembered<Person | undefined>>(mostPeople);
  readonly #line = new ReviewLine(guesses);
  readonly #questions = new ReviewLine(questions);
  readonly #rights = new BoundedMap<string, Remembered<boolean>>(mostRights);

  /**
   * @param client the controller's own, which may create TokenReviews and SubjectAccessReviews
   * @param audience that of tokens which only read, and which the API server does not accept; none when left out
   */
  constructor(
    client: Client,
    { audience, clock = systemClock }: { audience?: string | undefined; clock?: Clock } = {},
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#audience = audience;
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
    const reviewed = await reviewToken(this.#client, token, this.#audience);
    if (reviewed === undefined) return undefined;
    const { user, readingAudience } = reviewed;
    const name = user.username;
    const may = (right: Right, namespace: string | undefined): Promise<boolean> =>
      this.#remember(this.#rights, JSON.stringify([user, right, namespace]), () => this.#ask(user, right, namespace));
    const somebody: Somebody = {
      name,
      may,
      async require(right, namespace) {
        if (!(await may(right, namespace))) throw forbidden(name, right, namespace);
      },
    };
    if (readingAudience !== undefined)
      return {
        ...somebody,
        onlyReads: true,
        reader: reviewedReader(this.#client, somebody),
        acting(what) {
          throw readingToken(what, readingAudience);
        },
      };
    const client = this.#client.as(token);
    return { ...somebody, onlyReads: false, reader: client, acting: () => client };
  }

  async #ask(
    { username = '', uid, groups, extra }: UserInfo,
    { verb, resource }: Right,
    namespace: string | undefined,
  ): Promise<boolean> {
    const [plural = '', subresource] = resource.split('/');
    const group = foreignGroups[plural] ?? 'task.oam.dev';
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
    const review = await this.#questions.run(sharerOf(username), () => this.#client.create(accessReviews, { spec }));
    return review.status?.allowed === true;
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

function readingToken(what: string, audience: string): ApiProblem {
  return new ApiProblem(
    'ReadingToken',
    `${what} takes a token that the API server accepts, and yours, for the audience ${audience}, only reads: send another, for example of \`kubectl create token NAME\` without \`--audience\``,
  );
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
