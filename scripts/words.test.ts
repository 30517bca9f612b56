import { describe, expect, it } from 'vitest';
import { findWords } from './words.ts';

describe('the word list', () => {
  it.each([
    ['// mend it there', 'mend', 'fix'],
    ['it was mended', 'mended', 'fix'],
    ['asks anew', 'anew', 'again'],
    ['the observer is told of it', 'told of', 'reported, or what is called with what'],
    ['copied, lest it is lost', 'lest', 'so that ... not'],
    ['be it true or not', 'be it', 'whether'],
    ['the run is no more', 'no more', 'no longer'],
    ['what it says is none', 'is none', 'is invalid, is missing, or does not exist'],
    ['"x" is no name', 'is no name', 'is not a ...'],
    ['what is tried here: it is tried', 'is tried', 'is tested, or is retried'],
    ['refused for good', 'for good', 'permanently, or finally'],
    ['@hourly and the like', 'and the like', 'the names, or "such as"'],
    ['all but for one', 'but for', 'except'],
    ['show show show one run', 'show show show', 'the word once'],
    ['list the list the tasks', 'list the list the', 'the words once'],
    ['which run is due\n * which run is due', 'which run is due which run is due', 'the words once'],
    ['/** Of a run that failed. */', 'Of a', 'the subject first'],
  ])('finds %s', (text, word, instead) =>
    expect(findWords(text)).toContainEqual(expect.objectContaining({ text: word, instead })),
  );

  it.each([
    'there is no run x',
    'if there is none',
    'a day is no later',
    'no more than ten',
    'no more runs than the limit',
    'the run is no longer active',
    'told often',
    'behead or maybe iterate',
    'one of the steps',
    'amendments',
    'a retry is retried',
    'what is cancelled is cancelled',
    'the one the other',
  ])('accepts "%s"', (text) => expect(findWords(text)).toEqual([]));

  it('says line and column, in the order of the text', () =>
    expect(findWords('one\n  asks anew and is mended\n').map(({ line, column }) => [line, column])).toEqual([
      [2, 8],
      [2, 20],
    ]));

  it.each([' * ', '// ', '# ', ''])('finds a turn across the end of a line that goes on after "%s"', (mark) =>
    expect(findWords(`${mark}refused for\n${mark}good`)).toMatchObject([{ line: 1, text: 'for good' }]),
  );
});
