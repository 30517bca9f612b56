/** Puts an image into a registry by the OCI distribution specification 1.1: what it has already is not sent again. */
import {
  blob,
  buildImage,
  descriptorOf,
  indexType,
  type Blob,
  type BuiltImage,
  type Image,
} from '../../sandbox/src/build/oci-image.ts';
import { registryClient, type RegistryClient } from './registry-client.ts';

export interface Pushed {
  /** The digest of the index of all architectures, by which a Deployment can name exactly this image. */
  readonly digest: string;
  /** How many bytes were sent; what was there already is not counted. */
  readonly bytes: number;
}

/**
 * @param name such as `registry.example.com/task-runs:0.1.0`
 * @param images the same image for each architecture
 * @throws Error with the registry's words
 */
export async function push(name: string, images: readonly Omit<Image, 'name'>[]): Promise<Pushed> {
  const { host, repository, tag } = partsOf(name);
  const registry = registryClient(host, repository);
  const built = images.map(buildImage);
  let bytes = 0;
  for (const one of new Map(built.flatMap(({ blobs }) => blobs).map((part) => [part.digest, part])).values())
    bytes += await pushBlob(registry, one);
  for (const { manifest } of built) bytes += await pushManifest(registry, manifest, manifest.digest);
  const index = indexOf(built);
  bytes += await pushManifest(registry, index, tag);
  return { digest: index.digest, bytes };
}

function partsOf(name: string): { host: string; repository: string; tag: string } {
  const match = /^([^/]+[.:][^/]*|localhost)\/([^:@]+):([\w.-]+)$/.exec(name);
  if (match === null)
    throw new Error(`PUSH=${name} is not <registry>/<name>:<tag>, such as registry.example.com/task-runs:0.1.0.`);
  const [, host = '', repository = '', tag = ''] = match;
  return { host, repository, tag };
}

function indexOf(built: readonly BuiltImage[]): Blob {
  return blob(indexType, {
    schemaVersion: 2,
    mediaType: indexType,
    manifests: built.map(({ manifest, architecture }) => ({
      ...descriptorOf(manifest),
      platform: { architecture, os: 'linux' },
    })),
  });
}

async function pushBlob(registry: RegistryClient, { digest, content }: Blob): Promise<number> {
  const known = await registry.call('HEAD', `blobs/${digest}`, { expect: [200, 404] });
  if (known.status === 200) return 0;
  const upload = await registry.call('POST', 'blobs/uploads/', { expect: [202] });
  const address = new URL(upload.headers.get('location') ?? '', upload.url);
  address.searchParams.set('digest', digest);
  await registry.call('PUT', address, { expect: [201], body: content, type: 'application/octet-stream' });
  return content.length;
}

async function pushManifest(
  registry: RegistryClient,
  { mediaType, content }: Blob,
  reference: string,
): Promise<number> {
  await registry.call('PUT', `manifests/${reference}`, { expect: [201], body: content, type: mediaType });
  return content.length;
}
