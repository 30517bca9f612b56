/** A value of a manifest and where it stands, so that what is wrong with it can be told with its path. */
import { isFields } from '../../domain/lang/fields.ts';
import type { SchemaProblem } from '../schema.ts';
import { shown } from '../shown.ts';

export class Place {
  readonly value: unknown;
  readonly path: readonly string[];

  constructor(value: unknown, path: readonly string[] = []) {
    this.value = value;
    this.path = path;
  }

  /** A field, and fields of fields. What is not there has no value. */
  at(...names: readonly string[]): Place {
    return names.reduce<Place>((place, name) => {
      const own = isFields(place.value) && Object.hasOwn(place.value, name) ? place.value[name] : undefined;
      return new Place(own, [...place.path, name]);
    }, this);
  }

  /** Whether somebody wrote it; null means left out. */
  get isThere(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** Whether nothing is written, or an empty text, which counts as nothing. */
  get isEmpty(): boolean {
    return !this.isThere || this.value === '';
  }

  /** A text as Kubernetes gets it: not one in which a placeholder is filled in later. */
  get text(): string | undefined {
    return typeof this.value === 'string' && !this.value.includes('$(') ? this.value : undefined;
  }

  get number(): number | undefined {
    return typeof this.value === 'number' ? this.value : undefined;
  }

  /** The elements of a list. */
  get items(): readonly Place[] {
    const { value, path } = this;
    return Array.isArray(value) ? value.map((one, index) => new Place(one, [...path, String(index)])) : [];
  }

  /** The names of an object's fields that somebody wrote. */
  get names(): readonly string[] {
    return isFields(this.value) ? Object.keys(this.value).filter((name) => this.at(name).isThere) : [];
  }

  /** @param message what is wrong, in words that follow the field's name, and what to write instead */
  problem(message: string): SchemaProblem {
    return { path: this.path, message };
  }

  /** The same, with the value in front. */
  is(message: string): SchemaProblem {
    return this.problem(`is ${shown(this.value)}${message}`);
  }

  /** The fields of these names that are not there, in one problem. */
  lacks(...names: readonly string[]): readonly SchemaProblem[] {
    const missing = isFields(this.value) ? names.filter((name) => this.at(name).isEmpty) : [];
    if (missing.length === 0) return [];
    return [this.problem(`lacks ${missing.join(', ')}: write ${missing.length === 1 ? 'it' : 'them'}`)];
  }
}

/** Each place whose text an earlier one has. */
export function twice(places: readonly Place[], message: string): readonly SchemaProblem[] {
  const seen = new Set<string>();
  return places.flatMap((place) => {
    const { text } = place;
    if (text === undefined || text === '') return [];
    if (seen.has(text)) return [place.is(message)];
    seen.add(text);
    return [];
  });
}
