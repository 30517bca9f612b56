/** The kinds that an API server has, as it says itself: what kubectl calls its REST mapping. */
import { isNotFound } from '../../../controller/src/kube/api-error.ts';
import type { Client } from '../../../controller/src/kube/client.ts';
import { resourceType, type ResourceType } from '../../../controller/src/kube/objects.ts';

/** A kind, as objects name it. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** A kind that was not there is asked for again after so long: its CRD may have come. */
const forgetAfterMs = 1_000;

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export class ServedTypes {
  readonly #client: Client;
  readonly #versions = new Map<string, { readonly types: Promise<Map<string, ResourceType>>; readonly at: number }>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** @returns undefined for a kind that the API server does not have */
  async find({ apiVersion, kind }: Kind): Promise<ResourceType | undefined> {
    const known = this.#versions.get(apiVersion);
    const type = (await known?.types)?.get(kind);
    if (type || (known && Date.now() - known.at < forgetAfterMs)) return type;
    const types = this.#read(apiVersion);
    this.#versions.set(apiVersion, { types, at: Date.now() });
    types.catch(() => this.#versions.delete(apiVersion));
    return (await types).get(kind);
  }

  async #read(apiVersion: string): Promise<Map<string, ResourceType>> {
    const [group, version] = apiVersion.includes('/')
      ? (apiVersion.split('/') as [string, string])
      : (['', apiVersion] as const);
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const text = await this.#client.getText(path).catch((error: unknown) => {
      if (isNotFound(error)) return '{"resources": []}';
      throw error;
    });
    const { resources } = JSON.parse(text) as { resources: Resource[] };
    const own = resources.filter(({ name }) => !name.includes('/'));
    return new Map(
      own.map(({ name, kind, namespaced }) => [kind, resourceType({ group, version, plural: name, kind, namespaced })]),
    );
  }
}
