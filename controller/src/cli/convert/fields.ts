/** An object of a manifest, by the names of its fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** Without undefined values. */
export function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
