import { createHash } from 'node:crypto';
import { tar, type TarEntry } from './tar.ts';

/** Content that others name by its digest. */
export interface Blob {
  readonly mediaType: string;
  /** `sha256:` and the hash of the content. */
  readonly digest: string;
  readonly content: Buffer;
}

/** One tar archive of an image's files, as it is stored. */
export interface Layer {
  readonly blob: Blob;
  /** The digest of the archive before it was compressed. */
  readonly diffId: string;
}

export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

export interface Image {
  /** Such as `docker.io/library/busybox:1.36`. */
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
  /** Go's word for it; that of this machine where it is left out. */
  readonly architecture?: string;
  /** ISO 8601. */
  readonly created?: string;
}

/** An image's manifest, with everything that it names. */
export interface BuiltImage {
  readonly manifest: Blob;
  /** The configuration, then the layers. */
  readonly blobs: readonly Blob[];
  readonly architecture: string;
}

const ociTypes = 'application/vnd.oci.image';
export const manifestType = `${ociTypes}.manifest.v1+json`;
export const indexType = `${ociTypes}.index.v1+json`;

/** Go's word for the architecture that Node runs on. */
export const thisArchitecture = process.arch === 'x64' ? 'amd64' : process.arch;

/** @returns the files as a layer that is not compressed */
export function plainLayer(files: readonly TarEntry[]): Layer {
  const archive = blob(`${ociTypes}.layer.v1.tar`, tar(files));
  return { blob: archive, diffId: archive.digest };
}

/** @param archive a tar archive's bytes, and `compressed` the same by gzip */
export function gzipLayer(archive: Buffer, compressed: Buffer): Layer {
  return { blob: blob(`${ociTypes}.layer.v1.tar+gzip`, compressed), diffId: digestOf(archive) };
}

/** @returns the image's manifest and configuration (OCI image format 1.0) */
export function buildImage({
  layers,
  config,
  architecture = thisArchitecture,
  created,
}: Omit<Image, 'name'>): BuiltImage {
  const stored = layers.map((layer) => layer.blob);
  const configuration = blob(`${ociTypes}.config.v1+json`, {
    ...(created === undefined ? {} : { created }),
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = blob(manifestType, {
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptorOf(configuration),
    layers: stored.map(descriptorOf),
  });
  return { manifest, blobs: [configuration, ...stored], architecture };
}

/**
 * @returns the image as an OCI archive, to be imported under its name (OCI image layout 1.0). It has what `docker load`
 *   reads, too.
 */
export function ociArchive(image: Image): Buffer {
  const { manifest, blobs } = buildImage(image);
  const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`;
  const index = {
    schemaVersion: 2,
    mediaType: indexType,
    manifests: [{ ...descriptorOf(manifest), annotations: { 'io.containerd.image.name': image.name } }],
  };
  const [configuration, ...layers] = blobs.map(pathOf);
  const forDocker = [{ Config: configuration, RepoTags: [image.name], Layers: layers }];
  return tar([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: json(index) },
    { path: 'manifest.json', content: json(forDocker) },
    ...[...blobs, manifest].map((one) => ({ path: pathOf(one), content: one.content })),
  ]);
}

/** @param content bytes, or what is written as JSON */
export function blob(mediaType: string, content: Buffer | object): Blob {
  const bytes = Buffer.isBuffer(content) ? content : json(content);
  return { mediaType, digest: digestOf(bytes), content: bytes };
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** How a manifest names a blob. */
export function descriptorOf({ mediaType, digest, content }: Blob): {
  mediaType: string;
  digest: string;
  size: number;
} {
  return { mediaType, digest, size: content.length };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
