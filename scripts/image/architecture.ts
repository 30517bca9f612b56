/** The kinds of machine that the image is made for, in the words of those who name them. */
export const architectures = {
  amd64: { npm: 'x64', triplet: 'x86_64-linux-gnu' },
  arm64: { npm: 'arm64', triplet: 'aarch64-linux-gnu' },
} as const;

export type Architecture = keyof typeof architectures;

export const architectureNames = Object.keys(architectures) as Architecture[];
