import { describe, expect, it } from 'vitest';
import { coloured, paintFor, plain } from './style.ts';
import { renderFields, renderTable, type Column } from './table.ts';

interface Row {
  readonly name: string;
  readonly phase: string;
  readonly message: string;
}
const columns: readonly Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'LENGTH', cell: ({ name }) => String(name.length), wide: true },
  { title: 'PHASE', cell: ({ phase }) => phase },
  { title: 'MESSAGE', cell: ({ message }) => message },
];
const rows: readonly Row[] = [
  { name: 'a', phase: 'Failed', message: 'exit code 3 in container mytask' },
  { name: 'mytask-v3', phase: '', message: '' },
];
const options = { wide: false, paint: plain, columns: Infinity };

describe('a table', () => {
  it('is as wide as its texts, with a dash for nothing', () => {
    expect(renderTable(columns, rows, options)).toBe(
      [
        'NAME        PHASE    MESSAGE',
        'a           Failed   exit code 3 in container mytask',
        'mytask-v3   -        -',
        '',
      ].join('\n'),
    );
  });

  it('has more columns with -o wide', () => {
    expect(renderTable(columns, rows, { ...options, wide: true }).split('\n')[0]).toBe(
      'NAME        LENGTH   PHASE    MESSAGE',
    );
  });

  it('cuts the last column to a terminal, and never a name', () => {
    expect(renderTable(columns, rows, { ...options, columns: 40 }).split('\n')[1]).toBe(
      'a           Failed   exit code 3 in con…',
    );
    expect(renderTable(columns, rows, { ...options, columns: 5 })).toContain('mytask-v3');
  });

  it('colours phases, and the columns after them stay where they were', () => {
    const line = renderTable(columns, rows, { ...options, paint: coloured }).split('\n')[1];
    expect(line).toBe('a           \u001b[31mFailed\u001b[0m   exit code 3 in container mytask');
  });

  it('keeps its columns where a text has wide characters, and cuts those by the columns that they take', () => {
    const wide = [{ name: '映像', phase: 'Failed', message: 'イメージがない' }];
    expect(
      renderTable(columns, [...wide, ...rows], { ...options, columns: 32 })
        .split('\n')
        .slice(1, 3),
    ).toEqual(['映像        Failed   イメージが…', 'a           Failed   exit code …']);
  });

  it('shows no control characters of what it is given', () => {
    expect(renderTable(columns, [{ name: 'x\u001b[2J\ny', phase: '', message: '' }], options)).toContain('x [2J y');
  });
});

describe('fields', () => {
  it('are lines one below the other, without empty ones', () => {
    expect(
      renderFields(
        [
          ['Run', 'a'],
          ['Reason', undefined],
          ['Message', ''],
          ['Attempts', '2'],
        ],
        plain,
      ),
    ).toBe('Run        a\nAttempts   2\n');
  });
});

describe('colour', () => {
  it.for<[terminal: boolean, environment: Record<string, string>, colour: boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('on a terminal %s with %o: %s', ([terminal, environment, colour]) => {
    expect(paintFor({ environment }, { terminal })).toBe(colour ? coloured : plain);
  });
});
