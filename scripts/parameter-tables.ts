import type { Parameter } from './definition-parameters.ts';
import { code, row } from './markdown.ts';

/** A table of the fields, and after it one for each that has fields of its own. */
export function parameterTables(fields: readonly Parameter[], path = ''): readonly string[] {
  const heading = path === '' ? [] : [`### ${path}`];
  const rows = fields.map((field) =>
    row(
      linked(field, path),
      described(field),
      code(field.type),
      isRequired(field) ? 'yes' : 'no',
      field.default === undefined ? '' : code(field.default),
    ),
  );
  const table = [row('name', 'description', 'type', 'required', 'default'), '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
  const withFields = fields.filter(({ fields }) => fields.length > 0);
  // Alternatives, such as volumes[].items of a config map and of a secret, have the same fields.
  const distinct = withFields.filter(
    ({ name }, index) => withFields.findIndex((other) => other.name === name) === index,
  );
  return [...heading, table, ...distinct.flatMap((field) => parameterTables(field.fields, pathOf(field, path)))];
}

/** An object whose fields may all be left out may be left out itself. */
const isRequired = ({ required, type, fields }: Parameter): boolean =>
  required && (type !== 'object' || fields.length === 0 || fields.some(isRequired));

const pathOf = ({ name, type }: Parameter, path: string): string =>
  `${path === '' ? '' : `${path}.`}${name}${type.startsWith('[') ? '[]' : ''}`;

/** As GitHub makes a heading's anchor. */
function linked(field: Parameter, path: string): string {
  if (field.fields.length === 0) return code(field.name);
  return `[${code(field.name)}](#${pathOf(field, path)
    .toLowerCase()
    .replaceAll(/[^\w-]/g, '')})`;
}

const described = ({ usage, when }: Parameter): string =>
  `${when === undefined ? '' : `With ${code(when.replace(' == ', ': '))}. `}${usage}`.trim();
