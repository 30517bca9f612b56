import { createHash } from 'node:crypto';
import { tar, type TarEntry } from './tar.ts';

/** An image of one layer. */
export interface Image {
  /** Such as `docker.io/library/busybox:1.36`. */
  readonly name: string;
  readonly files: readonly TarEntry[];
  readonly config: {
    readonly Env?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Entrypoint?: readonly string[];
  };
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly content: Buffer;
}

/** Go's word for the architecture that Node runs on. */
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;

/** @returns the image as an OCI archive, to be imported under its name (OCI image layout 1.0) */
export function ociArchive(image: Image): Buffer {
  const layer = blob('application/vnd.oci.image.layer.v1.tar', tar(image.files));
  const config = blob('application/vnd.oci.image.config.v1+json', {
    architecture,
    os: 'linux',
    config: image.config,
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  const manifest = blob('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: describe(config),
    layers: [describe(layer)],
  });
  const index = {
    schemaVersion: 2,
    manifests: [{ ...describe(manifest), annotations: { 'io.containerd.image.name': image.name } }],
  };
  return tar([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: json(index) },
    ...[layer, config, manifest].map(({ digest, content }) => ({ path: `blobs/${digest.replace(':', '/')}`, content })),
  ]);
}

function blob(mediaType: string, content: Buffer | object): Blob {
  const bytes = Buffer.isBuffer(content) ? content : json(content);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { mediaType, digest, size: bytes.length, content: bytes };
}

function describe({ mediaType, digest, size }: Blob): object {
  return { mediaType, digest, size };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
