import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { Agent, request } from 'undici';
import type { Layout, Ports } from './settings.ts';

/** A Kubernetes object as far as the sandbox looks into it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** The few calls that the sandbox makes, as cluster admin. */
export interface KubeClient {
  /** @returns the answer's body. @throws Error with the server's message if it is not a success */
  get(path: string): Promise<unknown>;
  /** Server-side apply of all, some at a time. A kind that is unknown yet, as its CRD is new, is waited for. */
  apply(objects: readonly KubeObject[]): Promise<void>;
  close(): Promise<void>;
}

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const answerWithinMs = 15_000;
const servedWithinMs = 30_000;

class NotFound extends Error {
  override readonly name = 'NotFound';
}

/** @param layout whose pki directory has the admin's certificate */
export async function adminClient(layout: Layout, ports: Ports): Promise<KubeClient> {
  const [ca, cert, key] = await Promise.all(
    ['kubernetes-ca.crt', 'admin.crt', 'admin.key'].map((file) => readFile(join(layout.pki, file))),
  );
  const dispatcher = new Agent({
    connect: { ca: ca ?? '', cert: cert ?? '', key: key ?? '' },
    headersTimeout: answerWithinMs,
    bodyTimeout: answerWithinMs,
  });
  return new HttpsKubeClient(`https://127.0.0.1:${ports.apiserver}`, dispatcher);
}

class HttpsKubeClient implements KubeClient {
  readonly #server: string;
  readonly #dispatcher: Agent;

  constructor(server: string, dispatcher: Agent) {
    this.#server = server;
    this.#dispatcher = dispatcher;
  }

  get(path: string): Promise<unknown> {
    return this.#call('GET', path);
  }

  async apply(objects: readonly KubeObject[]): Promise<void> {
    const resources = new Map<string, Promise<readonly ApiResource[]>>();
    const limit = pLimit(8);
    const deadline = Date.now() + servedWithinMs;
    await Promise.all(objects.map((object) => limit(() => this.#applyWhenServed(object, resources, deadline))));
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #applyWhenServed(
    object: KubeObject,
    resources: Map<string, Promise<readonly ApiResource[]>>,
    deadline: number,
  ): Promise<void> {
    for (;;) {
      try {
        return await this.#applyOne(object, resources);
      } catch (error) {
        if (!(error instanceof NotFound) || Date.now() > deadline) throw error;
        resources.clear();
        await sleep(100);
      }
    }
  }

  async #applyOne(object: KubeObject, resources: Map<string, Promise<readonly ApiResource[]>>): Promise<void> {
    const path = await this.#pathOf(object, resources);
    await this.#call('PATCH', `${path}?fieldManager=sandbox&force=true`, JSON.stringify(object));
  }

  async #pathOf(object: KubeObject, known: Map<string, Promise<readonly ApiResource[]>>): Promise<string> {
    const root = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
    const list = known.get(root) ?? this.#resources(root);
    known.set(root, list);
    const resource = (await list).find((one) => one.kind === object.kind && !one.name.includes('/'));
    if (resource === undefined) throw new NotFound(`the API server knows no ${object.kind} in ${object.apiVersion}`);
    const namespace = resource.namespaced ? `/namespaces/${object.metadata.namespace ?? 'default'}` : '';
    return `${root}${namespace}/${resource.name}/${object.metadata.name}`;
  }

  async #resources(root: string): Promise<readonly ApiResource[]> {
    return ((await this.get(root)) as { resources: ApiResource[] }).resources;
  }

  async #call(method: 'GET' | 'PATCH', path: string, body?: string): Promise<unknown> {
    const answer = await request(`${this.#server}${path}`, {
      method,
      dispatcher: this.#dispatcher,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.body.text();
    if (answer.statusCode === 404) throw new NotFound(`${method} ${path}: ${messageOf(text)}`);
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${messageOf(text)}`);
    return parse(text);
  }
}

/** Health endpoints answer with plain text. */
function parse(text: string): unknown {
  return text.startsWith('{') ? (JSON.parse(text) as unknown) : text;
}

function messageOf(text: string): string {
  const status = parse(text);
  return typeof status === 'object' && status !== null && 'message' in status ? String(status.message) : text;
}
