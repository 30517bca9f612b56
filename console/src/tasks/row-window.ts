/** What of a long table is in view. */
export interface View {
  /** How far the table's first row is above the top of the window, in pixels. */
  readonly scrolled: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly rows: number;
}

/** The rows to draw, and the space that stands for the others. */
export interface RowWindow {
  readonly first: number;
  /** One after the last. */
  readonly end: number;
  readonly before: number;
  readonly after: number;
}

/** Rows are drawn beyond the edges, so that scrolling does not show blanks. */
const beyond = 12;

/** The rows that are in view: a table of thousands draws no more than a few dozen. */
export function rowWindow({ scrolled, height, rowHeight, rows }: View): RowWindow {
  const first = clamp(Math.floor(scrolled / rowHeight) - beyond, rows);
  const end = clamp(Math.ceil((scrolled + height) / rowHeight) + beyond, rows);
  return { first, end, before: first * rowHeight, after: (rows - end) * rowHeight };
}

function clamp(row: number, rows: number): number {
  return Math.max(0, Math.min(rows, row));
}
