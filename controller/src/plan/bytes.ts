/** How many bytes a text has in UTF-8, as Kubernetes and the kernel count. */
export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
