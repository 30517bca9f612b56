/** What identifies an object that was looked for. */
export interface SoughtObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/**
 * What KubeVela's kube.#Read gives as `err` where there is no such object: the API server's words, for kinds with a
 * regular plural. A step takes no other error for absence.
 */
export function notFound({ apiVersion, kind, metadata }: SoughtObject): string {
  const [group, version] = apiVersion.split('/');
  return `${kind.toLowerCase()}s${version === undefined ? '' : `.${group}`} "${metadata.name}" not found`;
}
