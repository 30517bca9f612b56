/** JSON whose shape nobody has checked yet, as in a pod template, whose schema is open. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value where it is a JSON object; no fields where it is anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The value where it is a list; no elements where it is anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether nothing is written: Kubernetes reads null as left out. */
export function isLeftOut(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
