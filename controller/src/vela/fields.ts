/** JSON objects whose fields nobody has checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value where it is a JSON object; no fields where it is anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}
