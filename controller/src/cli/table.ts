import { phaseColour, type Paint } from './style.ts';
import { cutTo, padTo, printable, widthOf } from './text.ts';

/** A column: its title, and its text for a row. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Shown only with `-o wide`. */
  readonly wide?: boolean;
}

export interface TableOptions {
  readonly wide: boolean;
  readonly paint: Paint;
  /** The terminal's width: a longer line is cut. Unlimited elsewhere. */
  readonly columns: number;
}

const gap = '   ';

/** Rows under their titles, each column as wide as its longest text; phases in their colours. Ends in a newline. */
export function renderTable<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  { wide, paint, columns: width }: TableOptions,
): string {
  const columns = all.filter((column) => wide || column.wide !== true);
  const texts = rows.map((row) => columns.map(({ cell }) => printable(cell(row)) || '-'));
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...texts.map((row) => widthOf(row[index] ?? ''))),
  );
  const line = (cells: readonly string[], colour: (text: string, padded: string) => string): string => {
    const padded = cells.map((text, index) => (index === cells.length - 1 ? text : padTo(widths[index] ?? 0, text)));
    return fit(padded, width)
      .map((text, index) => colour(cells[index] ?? '', text))
      .join(gap)
      .trimEnd();
  };
  const head = line(
    columns.map(({ title }) => title),
    (_text, padded) => paint('bold', padded),
  );
  const body = texts.map((row) =>
    line(row, (text, padded) => {
      const colour = phaseColour(text);
      return colour === undefined ? padded : paint(colour, padded);
    }),
  );
  return `${[head, ...body].join('\n')}\n`;
}

/** Cuts only the last column so that the line fits: the others have names, which people copy. */
function fit(cells: readonly string[], width: number): readonly string[] {
  const before = cells.slice(0, -1).reduce((sum, text) => sum + widthOf(text) + gap.length, 0);
  const room = Math.max(10, width - before);
  return cells.map((text, index) => (index === cells.length - 1 ? cutTo(room, text) : text));
}

/** Names and values, one a line, for a single object. A name without a value is left out. */
export function renderFields(
  fields: readonly (readonly [name: string, text: string | undefined])[],
  paint: Paint,
): string {
  const shown = fields.filter((field): field is readonly [string, string] => field[1] !== undefined && field[1] !== '');
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown
    .map(([name, text]) => `${paint('bold', padTo(width, name))}   ${withPhase(printable(text), paint)}\n`)
    .join('');
}

function withPhase(text: string, paint: Paint): string {
  const colour = phaseColour(text);
  return colour === undefined ? text : paint(colour, text);
}
